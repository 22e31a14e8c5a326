import { type Client, openClient } from "./client.ts";
import type { AttackOptions, Credentials, Manifest, Tenant, Transport, User } from "./contract.ts";
import { type Operation, readOperations } from "./openapi.ts";
import { type Random, seededRandom } from "./random.ts";
import type { Freshness } from "./sample.ts";
import { openWire } from "./wire.ts";

/** A user of a tenant with the credentials that are good now. */
export type Person = {
  user: User;
  tenant: Tenant;
  role: string;
  /** `owner of b (Olga)`, as the ledger names who made a call. */
  label: string;
  cookies: Record<string, string>;
  headers: Record<string, string>;
  csrf: string | null;
  password: string | null;
  /** A session of theirs whose second factor is old. */
  stale: Credentials | null;
  /** Something may have ended the session: look before the next use. */
  suspect: boolean;
  /** When these credentials were obtained, with a second factor where there is one: `performance.now()`. */
  since: number;
};

export type Run = {
  manifest: Manifest;
  operations: Operation[];
  client: Client;
  /** Nothing may be created, changed or burdened. */
  harmless: boolean;
  brief: boolean;
  /** Of a harmless run, by operation: what there is nothing to name of. */
  lacking: Map<string, string>;
  random: Random;
  fresh: Freshness;
  people: Person[];
  attacker: Tenant;
  victim: Tenant;
  csrfHeader: string;
  signInPath: string;
  /** Every identifier that belongs to a tenant, by slug: what another tenant's answers must never hold. */
  knownIds: Map<string, Set<string>>;
  /** The genuine body of each route that has been played, by key. */
  bodies: Map<string, unknown>;
  /** Spare objects that are used up, by id. */
  spent: Set<string>;
  /** Cookies of a session that was signed out, or null when none could be made. */
  dead: { cookies: Record<string, string>; csrf: string } | null | undefined;
  /** Proofs against forgery of sessions that were signed out of, by person; null where none could be had. */
  endedProofs: Map<Person, string | null>;
  /** How many owners looked for words of their own, and how many found them. */
  sought: { known: number; found: number };
  /** Where to connect to; null where a transport was given. */
  origin: URL | null;
  bothWays: boolean;
  /** Of an object that lies in others: their identifiers, in the path's order. */
  within: Map<string, readonly string[]>;
  close: () => void;
};

const LONGEST_MS = 30 * 60_000;

/** Throws when the manifest or the document cannot be read, or fewer than two tenants are given. */
export function openRun(options: AttackOptions): Run {
  const { manifest } = options;
  const [attacker, victim] = manifest.tenants;
  if (!attacker || !victim) throw new Error("manifest.tenants: two are needed");
  const wire: { request: Transport; close: () => void } = options.request
    ? { request: options.request, close: () => {} }
    : openWire(manifest.origin, options.answerWithinMs);
  const random = seededRandom(options.seed);
  let serial = 0;
  const fresh: Freshness = {
    random,
    next: () =>
      `${options.seed
        .replace(/[^a-z0-9]/gi, "")
        .slice(0, 8)
        .toLowerCase()}${++serial}`,
    mailDomain: manifest.mailDomain ?? "example.com",
  };
  const people = manifest.tenants.flatMap((tenant) => tenant.users.map((user) => personOf(tenant, user)));
  const knownIds = new Map(
    manifest.tenants.map((tenant) => {
      const objects = Object.values(tenant.objects).flatMap((items) => items.map((item) => item.id));
      return [tenant.slug, new Set([...objects, ...tenant.users.map((user) => user.userId)])];
    }),
  );
  return {
    manifest,
    operations: readOperations(options.openapi, manifest),
    client: openClient(wire.request, {
      ratePerSecond: options.ratePerSecond,
      pace: options.pace,
      headers: options.headers,
      patienceMs: options.patienceMs ?? 20_000,
      withinMs: options.withinMs ?? LONGEST_MS,
      signal: options.signal,
      // Of its own: how fast a run goes must not decide what it sends.
      random: seededRandom(`${options.seed} pace`),
    }),
    harmless: options.harmless === true,
    brief: options.brief === true,
    lacking: new Map(),
    random,
    fresh,
    people,
    attacker,
    victim,
    csrfHeader: manifest.csrfHeader ?? "x-csrf-token",
    signInPath: manifest.signInPath ?? "/api/t/{slug}/session",
    knownIds,
    bodies: new Map(),
    spent: new Set(),
    dead: undefined,
    origin: options.request ? null : new URL(manifest.origin),
    endedProofs: new Map(),
    sought: { known: 0, found: 0 },
    bothWays: options.bothWays ?? true,
    within: new Map(
      manifest.tenants.flatMap(({ objects }) =>
        Object.values(objects).flatMap((items) =>
          items.flatMap(({ id, within }) => (within ? [[id, within] as const] : [])),
        ),
      ),
    ),
    close: wire.close,
  };
}

/** Somebody with the credentials that the manifest gives them. */
export function personOf(tenant: Tenant, user: User): Person {
  const person: Person = {
    user,
    tenant,
    role: user.role,
    label: `${user.role} of ${tenant.slug} (${user.name})`,
    cookies: {},
    headers: {},
    csrf: null,
    password: user.password ?? null,
    stale: user.stale ?? null,
    suspect: false,
    since: 0,
  };
  adopt(person, user);
  return person;
}

export function adopt(person: Person, credentials: Credentials): void {
  person.cookies = cookiesOf(credentials.cookies);
  person.headers = credentials.headers ?? {};
  person.csrf = credentials.csrf ?? null;
  person.since = performance.now();
  person.suspect = Object.keys(person.cookies).length + Object.keys(person.headers).length === 0;
}

/** Cookie name to value, from either form that a manifest may use. */
export function cookiesOf(given: Record<string, string> | string | undefined): Record<string, string> {
  if (given === undefined) return {};
  if (typeof given !== "string") return { ...given };
  const pairs = given.split(";").map((pair) => pair.trim().split(/=(.*)/s));
  return Object.fromEntries(pairs.filter((pair) => pair[0]).map((pair) => [pair[0] ?? "", pair[1] ?? ""]));
}

/** The first person of a role in a tenant, or the first other than `not`. */
export function someone(run: Run, tenant: Tenant, role: string, not?: Person | null): Person | null {
  const all = run.people.filter(
    (person) => person.tenant === tenant && person.role === role && person !== not,
  );
  return all[0] ?? null;
}

/** The roles of a tenant in the manifest's order. */
export function rolesOf(tenant: Tenant): string[] {
  return [...new Set(tenant.users.map((user) => user.role))];
}

/** May the reviewed matrix's answer for this person be yes? Null when nobody reviewed the route. */
export function allowed(op: Operation, person: { role: string; tenant: Tenant }): boolean | null {
  if (op.publicBecause !== null) return true;
  if (op.roles === null) return null;
  if (op.tenantKind !== null && op.tenantKind !== (person.tenant.kind ?? "customer")) return false;
  return op.roles.includes(person.role);
}

/** Is the route in the class of those that are limited most, and flooded at the end? */
export function isLimited(run: Run, op: Operation): boolean {
  return op.rate === (run.manifest.rateClass ?? "sign-in");
}

/** In a brief run, what of a list falls to this route: each following route gets the next ones. */
export function shareOf<T>(run: Run, op: Operation, all: T[], oneIn = 1): T[] {
  if (!run.brief || all.length <= 1) return all;
  const at = run.operations.indexOf(op) % Math.min(oneIn, all.length);
  return all.filter((_, i) => i % Math.min(oneIn, all.length) === at);
}

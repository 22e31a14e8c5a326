import type { Answer, Ask } from "./client.ts";
import { type Credentials, isRecord, type User } from "./contract.ts";
import { namingOwn } from "./objects.ts";
import type { Operation } from "./openapi.ts";
import { adopt, cookiesOf, type Person, type Run } from "./run.ts";
import { encodeBody, sample, sampleBody } from "./sample.ts";

export type Filling = { slug: string; ids: Record<string, string>; body?: unknown };

/**
 * The path with its parameters filled in, the query parameters that the operation requires, and those with an example.
 * An identifier that need not be there stays away: made up, it would narrow the answer to nothing.
 */
export function pathOf(run: Run, op: Operation, filling: Filling): string {
  const path = op.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(op.ids.includes(name) ? (filling.ids[name] ?? "none") : filling.slug),
  );
  const query = op.parameters
    .filter(({ in: place, required, schema }) => {
      return place === "query" && (required || (schema.examples && schema.format !== "uuid"));
    })
    .map(
      (parameter) => `${parameter.name}=${encodeURIComponent(String(sample(parameter.schema, run.fresh)))}`,
    );
  return query.length > 0 ? `${path}?${query.join("&")}` : path;
}

/** The genuine call: what the web app would send for this person. Null stands for a visitor without credentials. */
export function genuine(run: Run, op: Operation, person: Person | null, filling: Filling): Ask {
  const headers: Record<string, string> = { accept: op.stream ? "text/event-stream" : "application/json" };
  let body: string | null = null;
  if (op.body !== null && filling.body !== undefined) {
    const encoded = encodeBody(op, filling.body, run.fresh);
    headers["content-type"] = encoded.type;
    body = encoded.bytes;
  } else if (!op.safe && op.publicBecause !== null) {
    headers["content-type"] = "application/json";
    body = "{}";
  }
  if (!op.safe) {
    headers.origin = run.manifest.origin.replace(/\/$/, "");
    headers["sec-fetch-site"] = "same-origin";
  }
  if (person) Object.assign(headers, credentialsOf(run, person, !op.safe));
  return { method: op.method, path: pathOf(run, op, filling), headers, body, stream: op.stream };
}

/** What a program sends that has an API key: no cookie, no proof against forgery, no origin. */
export function byKey(run: Run, op: Operation, key: string, filling: Filling): Ask {
  const ask = genuine(run, op, null, filling);
  const { origin: _, "sec-fetch-site": __, ...headers } = ask.headers;
  return { ...ask, headers: { ...headers, authorization: `Bearer ${key}` } };
}

export function credentialsOf(run: Run, person: Person, csrf: boolean): Record<string, string> {
  const headers: Record<string, string> = { ...person.headers };
  if (Object.keys(person.cookies).length > 0) headers.cookie = cookieHeader(person.cookies);
  if (csrf && person.csrf) headers[run.csrfHeader] = person.csrf;
  return headers;
}

export function cookieHeader(cookies: Record<string, string>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
}

/**
 * A body that this person's genuine call would carry: the manifest's when it names one, else made from the schema.
 * In the manifest's, `$address` and `$password` stand for the caller's own, `$fresh`, `$fresh-address` and
 * `$fresh-password` for values that are new each time.
 */
export async function bodyFor(run: Run, op: Operation, person: Person | null): Promise<unknown> {
  const named = run.manifest.bodies?.[op.key];
  // What makes a body may make objects for it to name.
  const given = run.harmless && typeof named === "function" ? undefined : named;
  if (given === undefined && isSignIn(run, op))
    return fillIn(run, { address: "$address", password: "$password" }, person);
  if (given === undefined) {
    const body = sampleBody(op, run.fresh);
    return person ? namingOwn(run, op, person, body) : body;
  }
  const caller = person && { tenant: person.tenant.slug, user: asTheyAre(person) };
  return fillIn(run, typeof given === "function" ? await given(caller) : given, person);
}

/** A body that may do what it says: where the manifest supplies some that are good once, the next of them. */
export async function goodBody(run: Run, op: Operation, person: Person | null): Promise<unknown> {
  const supplied = run.manifest.supplies?.[op.key]?.shift();
  return supplied === undefined ? bodyFor(run, op, person) : fillIn(run, supplied, person);
}

/** The user with the credentials that are good now. */
export function asTheyAre(person: Person): User {
  const { cookies, headers, csrf, password, user } = person;
  return { ...user, cookies, headers, ...(csrf && { csrf }), ...(password && { password }) };
}

function fillIn(run: Run, value: unknown, person: Person | null): unknown {
  if (Array.isArray(value)) return value.map((item) => fillIn(run, item, person));
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillIn(run, inner, person)]));
  }
  if (value === "$address") return person?.user.address ?? madeUpAddress(run);
  if (value === "$password") return person?.password ?? freshPassword(run);
  if (value === "$fresh") return `probe-${run.fresh.next()}`;
  if (value === "$fresh-address") return madeUpAddress(run);
  if (value === "$fresh-password") return freshPassword(run);
  return value;
}

export function madeUpAddress(run: Run): string {
  return `nobody-${run.fresh.next()}@${run.fresh.mailDomain}`;
}

function freshPassword(run: Run): string {
  return `${FRESH_PASSWORD}${run.random.hex(12)}-${run.fresh.next()}`;
}
const FRESH_PASSWORD = "Quiet-Harbour-7!";

export function isSignIn(run: Run, op: Operation): boolean {
  return op.method === "POST" && op.path === run.signInPath;
}

/** Sends a genuine call; notes what it may have done to sessions and passwords. */
export async function sendGenuine(
  run: Run,
  op: Operation,
  person: Person | null,
  filling: Filling,
): Promise<Answer> {
  if (person) await revive(run, person);
  const answer = await run.client.send(genuine(run, op, person, filling));
  if (person && !op.safe && answer.status >= 200 && answer.status < 300)
    noteEffects(run, op, person, filling);
  return answer;
}

function noteEffects(run: Run, op: Operation, person: Person, filling: Filling): void {
  const values = isRecord(filling.body) ? Object.values(filling.body) : [];
  const chosen = values.find((value) => typeof value === "string" && value.startsWith(FRESH_PASSWORD));
  if (typeof chosen === "string" && person.password !== null && op.creates === null) person.password = chosen;
  const personal = op.ids.length === 0 || ["session", "member"].includes(op.resource ?? "");
  if (!personal || op.creates !== null) return;
  for (const other of run.people) if (other.tenant === person.tenant) other.suspect = true;
}

// Of the five minutes for which a token usually lives and a second factor counts as fresh, with some to spare.
const STAYS_FRESH_MS = 150_000;

/** Makes sure that a person's credentials are good and fresh, signing in again when they are not. Never throws. */
export async function revive(run: Run, person: Person): Promise<void> {
  const isOld = performance.now() - person.since > STAYS_FRESH_MS;
  if (!person.suspect && !isOld) return;
  person.suspect = false;
  if (isOld) person.since = performance.now();
  const check = whoAmI(run);
  if (!isOld && check !== null && Object.keys(credentialsOf(run, person, false)).length > 0) {
    const answer = await run.client.send(genuine(run, check, person, { slug: person.tenant.slug, ids: {} }));
    if (answer.status !== 401) return;
  }
  const credentials = await signIn(run, person);
  if (credentials) adopt(person, credentials);
}

/** New credentials for a person: by the manifest's hook, else by address and password. Null when neither works. */
export async function signIn(run: Run, person: Person): Promise<Credentials | null> {
  if (run.manifest.signIn) {
    const hook = run.manifest.signIn;
    return hook(person.tenant.slug, asTheyAre(person));
  }
  const op = run.operations.find((candidate) => isSignIn(run, candidate));
  if (!op || !person.user.address || !person.password) return null;
  const body = { address: person.user.address, password: person.password };
  const answer = await run.client.send(genuine(run, op, null, { slug: person.tenant.slug, ids: {}, body }));
  if (answer.status !== 200) return null;
  const cookies = (answer.headers["set-cookie"] ?? "").split("\n").map((line) => line.split(";")[0] ?? "");
  const csrf = isRecord(answer.json) && typeof answer.json.csrf === "string" ? answer.json.csrf : null;
  return { cookies: cookiesOf(cookies.join("; ")), ...(csrf && { csrf }) };
}

/** The route that tells whether credentials are good: `GET` on the sign-in path, or any that every role may read. */
export function whoAmI(run: Run): Operation | null {
  const plain = run.operations.filter(
    (op) => op.safe && op.ids.length === 0 && op.publicBecause === null && !op.stream,
  );
  const roles = run.manifest.tenants.flatMap((tenant) => tenant.users.map((user) => user.role));
  return (
    plain.find((op) => op.path === run.signInPath) ??
    plain.find(
      (op) => op.tenantScoped && op.tenantKind === null && roles.every((role) => op.roles?.includes(role)),
    ) ??
    null
  );
}

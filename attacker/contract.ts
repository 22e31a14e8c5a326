/** What the attacker is given and what it hands back. The prose version is README.md. */

export type Credentials = {
  /** Cookie name to value, or a whole `Cookie` header. */
  cookies?: Record<string, string> | string;
  headers?: Record<string, string>;
  csrf?: string;
};

export type User = Credentials & {
  name: string;
  role: string;
  userId: string;
  address?: string;
  password?: string;
  /** Genuine cookies of this user that have run out: only the application could have signed them. */
  expired?: Record<string, string> | string;
  /** A session of this user whose second factor was proved too long ago for what asks for a fresh one. */
  stale?: Credentials;
  /** An API key of this user, sent as a bearer token. */
  key?: string;
  /** API keys of this user that were good once: revoked, run out. */
  deadKeys?: string[];
};

export type KnownObject = {
  id: string;
  owner?: string;
  visibility?: "private" | "tenant";
  /** Words that stand in it and nowhere else: nobody else may be shown them. */
  words?: string[];
  /** The identifiers above it in a path that names both, in the path's order. */
  within?: string[];
  /** May be destroyed, suspended or changed by the owner's own call. */
  spare?: boolean;
};

export type Tenant = {
  slug: string;
  id?: string;
  kind?: string;
  users: User[];
  objects: Record<string, KnownObject[]>;
};

/** A value, or what makes one for whoever makes the call; null stands for a visitor without an account. */
export type Body = unknown | ((caller: { tenant: string; user: User } | null) => unknown | Promise<unknown>);

export type Manifest = {
  origin: string;
  /** The first attacks, the second is the victim; further ones only make calls that their kind allows. */
  tenants: Tenant[];
  routes?: { method: string; path: string }[];
  permissions?: Record<string, string[]>;
  unprobed?: { method: string; path: string; reason: string }[];
  bodies?: Record<string, Body>;
  volatile?: string[];
  /** Operations that may succeed once only, as `x-once` says in the document. */
  once?: string[];
  /** By operation: bodies that are good once each, such as one-time tokens; used up one after the other. */
  supplies?: Record<string, unknown[]>;
  /** By operation: calls of which at most one may succeed when all are made at once. */
  races?: Record<string, () => Promise<Racer[]>>;
  outside?: Outside;
  publicKeys?: string[];
  csrfHeader?: string;
  tenantParameter?: string;
  signInPath?: string;
  rateClass?: string;
  mailDomain?: string;
  signIn?: (tenant: string, user: User) => Promise<Credentials>;
  /** Opens another session whose second factor is old, when that of `stale` has ended. */
  signInStale?: (tenant: string, user: User) => Promise<Credentials>;
  /** Makes a spare object of a noun that no route creates; null when it cannot. */
  create?: (noun: string, tenant: string, user: User) => Promise<string | null>;
  /** Lets pass the time for which a used refresh token may still be answered to. */
  passTime?: () => Promise<void>;
  /** Somebody of a tenant whom `shut` keeps out: suspended, removed. */
  shutOut?: (tenant: string) => Promise<{ credentials: Credentials; shut: () => Promise<void> }>;
};

export type Racer = { slug: string; user: User; ids: Record<string, string>; body?: unknown };

/** What stands for the internet where addresses elsewhere are tried (`ssrf`). */
export type Outside = {
  /** An address of this machine that the application takes for public; the attacker listens there. */
  address: string;
  /** Names below it are answered by the attacker, on this UDP port of 127.0.0.1, which the application asks. */
  zone?: string;
  namePort?: number | (() => Promise<number>);
};

export const CLASSES = [
  "no-credentials",
  "forged-token",
  "api-key",
  "foreign-tenant",
  "foreign-user",
  "foreign-reference",
  "role-matrix",
  "stale-factor",
  "csrf",
  "malformed",
  "mass-assignment",
  "head-and-options",
  "method-override",
  "cached",
  "stream",
  "download",
  "search",
  "export",
  "race",
  "replay",
  "side-effect",
  "ssrf",
  "stored-script",
  "traversal",
  "told-apart",
  "exhaustion",
  "rate-limit",
] as const;
export type ClassName = (typeof CLASSES)[number];

export type Verdict = "held" | "breached" | "inconclusive";

export type Probe = {
  claim: string;
  /** As in the OpenAPI document: `GET /api/t/{slug}/documents/{id}`. */
  route: string;
  class: ClassName | "coverage";
  role: string;
  who: string;
  /** The first 16 hex digits of SHA-256 over method, path, header names and (the beginning of the) body: never a secret. */
  request: string;
  status: number;
  verdict: Verdict;
  detail: string;
  ms: number;
};

export type Uncovered = { route: string; class: ClassName; reason: string | null };

export type Ledger = {
  probes: Probe[];
  summary: {
    seed: string;
    routes: number;
    classes: ClassName[];
    probes: number;
    held: number;
    breached: number;
    inconclusive: number;
    requests: number;
    ms: number;
    uncovered: Uncovered[];
  };
};

export type WireRequest = {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** Resolve at the response's head when it is a success: the body never ends. */
  stream: boolean;
};
export type WireResponse = { status: number; headers: Record<string, string>; body: string };
/** Rejects when no response came. Header names of the response are in lower case. */
export type Transport = (request: WireRequest) => Promise<WireResponse>;

export type AttackOptions = {
  openapi: unknown;
  manifest: Manifest;
  classes?: readonly ClassName[];
  seed: string;
  ratePerSecond?: number;
  /**
   * Only what cannot hurt a live system: what reads, and of what writes the calls that must be refused before anything
   * happens. Nothing is created; the owner's reading of the object stands in for the owner's own write.
   */
  harmless?: true;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** On the average so many requests a second; each pause is longer or shorter by up to this part of it (0 to 1). */
  pace?: { perSecond: number; jitter: number };
  /** Whether the second tenant attacks the first as well, by `foreign-tenant`. Default true. */
  bothWays?: boolean;
  /** How long one run may wait in all for `Retry-After`. Default 20,000. */
  patienceMs?: number;
  /** Plays these operations only, by their keys: `METHOD /path`. What it plays of them is unchanged. */
  operations?: readonly string[];
  /**
   * Where a class sends the same to every route, each route gets a part of it: over all routes everything is sent, and
   * always the same by the same route.
   */
  brief?: true;
  /** From when it is aborted nothing more is sent: the run is over at once, and its ledger is not whole. */
  signal?: AbortSignal;
  /** Ends with the first route on which something was breached. */
  untilBreached?: true;
  /** How long an answer may be silent. Default 10,000. */
  answerWithinMs?: number;
  /** When this is over, nothing more is sent: what is left stays inconclusive. Default 30 minutes. */
  withinMs?: number;
  request?: Transport;
};

/** Reads a manifest from JSON. Throws an Error that names the first thing wrong with it. */
export function parseManifest(value: unknown): Manifest {
  const manifest = record(value, "manifest") as unknown as Manifest;
  text(manifest.origin, "manifest.origin");
  if (!Array.isArray(manifest.tenants) || manifest.tenants.length < 2)
    fail("manifest.tenants: two are needed");
  manifest.tenants.forEach((tenant, t) => {
    const at = `manifest.tenants[${t}]`;
    text(record(tenant, at).slug, `${at}.slug`);
    if (!Array.isArray(tenant.users) || tenant.users.length === 0) fail(`${at}.users: none`);
    tenant.users.forEach((user, u) => {
      for (const key of ["name", "role", "userId"] as const) text(user[key], `${at}.users[${u}].${key}`);
      const known = user.cookies ?? user.headers ?? user.password;
      if (!known && !manifest.signIn) fail(`${at}.users[${u}]: neither cookies, headers nor a password`);
    });
    for (const [noun, list] of Object.entries(record(tenant.objects, `${at}.objects`))) {
      if (!Array.isArray(list)) fail(`${at}.objects.${noun}: not a list`);
      else for (const [i, item] of list.entries()) text(item?.id, `${at}.objects.${noun}[${i}].id`);
    }
  });
  return manifest;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown, at: string): Record<string, unknown> {
  return isRecord(value) ? value : fail(`${at}: not an object`);
}

function text(value: unknown, at: string): void {
  if (typeof value !== "string" || value === "") fail(`${at}: not a text`);
}

function fail(message: string): never {
  throw new Error(message);
}

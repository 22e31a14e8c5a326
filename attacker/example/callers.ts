import { type App, type Call, type Caller, Refusal } from "./model.ts";

// Who calls: a person with the cookie of a session, or a program with a person's key.

/**
 * The caller, or null for nobody: by cookie, by the same token as a bearer, or by key (as a bearer or in `x-api-key`).
 * Throws 400 for cookies beside another and 401 for a key that is none.
 */
export function callerOf(call: Call): Caller | null {
  const { app, wire } = call;
  const bearer = /^Bearer (.+)$/.exec(wire.headers.authorization ?? "")?.[1] ?? wire.headers["x-api-key"];
  if (bearer === undefined) return ofSession(call, tokenIn(call));
  if (wire.headers.cookie && !app.holes.has("key-beside-cookies")) throw new Refusal(400, "two_credentials");
  return bearer.includes(".") ? ofSession(call, bearer) : ofKey(call, bearer);
}

function ofKey({ app, slug }: Call, given: string): Caller {
  const known = app.holes.has("key-of-same-beginning")
    ? [...app.keys].find(([key]) => key.startsWith(given.slice(0, 12)))?.[1]
    : app.keys.get(given);
  const member = app.members.find(({ id }) => id === known?.member);
  if (!known || !member || (!known.good && !app.holes.has("revoked-key-still-good")))
    throw new Refusal(401, "key_invalid");
  if (member.tenant !== slug && !app.holes.has("key-of-any-tenant")) throw new Refusal(401, "key_invalid");
  return { member: { ...member, tenant: slug }, csrf: "", factorAt: null };
}

function tokenIn({ app, wire, slug }: Call): string | undefined {
  const cookies = (wire.headers.cookie ?? "").split("; ").map((pair) => pair.split(/=(.*)/s));
  return cookies.find(([name]) => name === `access.${slug}` || app.holes.has("tenant-from-path"))?.[1];
}

function ofSession({ app, slug }: Call, token: string | undefined): Caller | null {
  const claims = token ? app.tokens.read(token) : null;
  if (claims === null) return null;
  const session = app.sessions.get(claims.sid);
  const member = app.members.find((candidate) => candidate.id === claims.sub);
  if (!member || (!session && !app.holes.has("signed-out-still-good"))) return null;
  const lax = app.holes.has("tenant-from-path") || app.holes.has("token-of-any-tenant");
  if (member.tenant !== slug && !lax) return null;
  return {
    member: { ...member, tenant: slug },
    csrf: session?.csrf ?? "",
    factorAt: session?.factorAt ?? null,
  };
}

/** A key for a member, and one that was taken back. */
export function issueKeys(app: App, member: string): { key: string; dead: string } {
  const serial = app.keys.size;
  const [key, dead] = [`key-${member.slice(-8)}-good-${serial}`, `key-${member.slice(-8)}-dead-${serial}`];
  app.keys.set(key, { member, good: true }).set(dead, { member, good: false });
  return { key, dead };
}

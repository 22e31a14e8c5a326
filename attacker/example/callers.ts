import { type App, type Call, type Caller, Refusal } from "./model.ts";

// Who calls: a person with the cookie of a session, or a program with a person's key.

/** The caller, or null for nobody. Throws 400 for both at once and 401 for a key that is none. */
export function callerOf(call: Call): Caller | null {
  const { app, wire } = call;
  const bearer = /^Bearer (.+)$/.exec(wire.headers.authorization ?? "")?.[1];
  if (bearer === undefined) return ofSession(call);
  if (wire.headers.cookie && !app.holes.has("key-beside-cookies")) throw new Refusal(400, "two_credentials");
  return ofKey(call, bearer);
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

function ofSession({ app, wire, slug }: Call): Caller | null {
  const cookies = (wire.headers.cookie ?? "").split("; ").map((pair) => pair.split(/=(.*)/s));
  const own = cookies.find(([name]) => name === `access.${slug}` || app.holes.has("tenant-from-path"));
  const claims = own?.[1] ? app.tokens.read(own[1]) : null;
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

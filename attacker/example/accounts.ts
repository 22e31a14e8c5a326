import {
  type App,
  answer,
  type Call,
  type Handler,
  HOUR,
  inTenant,
  type Member,
  nextId,
  none,
  PASSWORD,
  Refusal,
  text,
  uuid,
} from "./model.ts";

// Sessions, one's own account, and the members of a tenant.

export function openSession(
  app: App,
  member: Member,
  factorAt = Date.now(),
): { token: string; csrf: string; sid: string; refresh: string } {
  const sid = nextId(app);
  const csrf = `csrf-${sid}`;
  const refresh = `refresh-${sid}`;
  app.sessions.set(sid, { member: member.id, csrf, factorAt, refresh });
  const exp = Math.floor(Date.now() / 1000) + HOUR;
  const token = app.tokens.issue({ sub: member.id, sid, tenant: member.tenant, role: member.role, exp });
  return { token, csrf, sid, refresh };
}

export function signIn({ app, slug, body }: Call) {
  const address = text(body.address, 200);
  const password = text(body.password, 200);
  if (!address.includes("@")) throw new Refusal(400, "invalid");
  if (app.holes.has("busy-doorman")) busyFor(160);
  const member = app.members.find((candidate) => candidate.tenant === slug && candidate.address === address);
  if (!member || password !== PASSWORD) {
    if (++app.attempts > 60 && !app.holes.has("no-rate-limit")) {
      const headers = { "retry-after": "30", "ratelimit-limit": "60", "ratelimit-remaining": "0" };
      throw new Refusal(429, "rate_limited", app.holes.has("no-retry-after") ? {} : headers);
    }
    throw new Refusal(401, "sign_in_failed");
  }
  return signedIn(app, slug, member);
}

function signedIn(app: App, slug: string, member: Member) {
  const { token, csrf, refresh } = openSession(app, member);
  const cookies = `access.${slug}=${token}; HttpOnly\nrefresh.${slug}=${refresh}; HttpOnly`;
  return answer(200, { csrf, me: shown(member) }, { "set-cookie": cookies });
}

/** A refresh token is good once: whoever comes with a used one is refused. */
export function refreshSession({ app, wire, slug }: Call) {
  const given = new RegExp(`refresh\\.${slug}=([^;]+)`).exec(wire.headers.cookie ?? "")?.[1];
  const [sid, session] = [...app.sessions].find(([, one]) => one.refresh === given) ?? [];
  const member = app.members.find(({ id }) => id === session?.member);
  if (!sid || !member || member.tenant !== slug) throw new Refusal(401, "signed_out");
  if (!app.holes.has("refresh-token-reused")) app.sessions.delete(sid);
  return signedIn(app, slug, member);
}

export const readSession: Handler = (_, me) => answer(200, { me: shown(me) });

export const signOut: Handler = ({ app, wire, slug }) => {
  const token = new RegExp(`access\\.${slug}=([^;]+)`).exec(wire.headers.cookie ?? "")?.[1];
  const sid = app.tokens.read(token ?? "")?.sid ?? "";
  app.oldProofs.add(app.sessions.get(sid)?.csrf ?? "");
  app.sessions.delete(sid);
  return answer(204);
};

export const listSessions: Handler = ({ app }, me) => {
  const own = [...app.sessions].filter(([, session]) => session.member === me.id);
  return answer(200, { items: own.map(([id]) => ({ id })), next: null });
};

export const endSession: Handler = ({ app, id }, me) => {
  const session = app.sessions.get(uuid(id));
  if (!session || (session.member !== me.id && !app.holes.has("idor-session"))) return none();
  app.sessions.delete(id);
  return answer(204);
};

export const renameSelf: Handler = ({ app, body }, me) => {
  const member = app.members.find((candidate) => candidate.id === me.id);
  if (!member) return none();
  member.name = text(body.name, 100);
  if (app.holes.has("mass-role") && typeof body.role === "string") member.role = body.role;
  return answer(200, { name: member.name });
};

export const listMembers: Handler = ({ app }, me) =>
  answer(200, { items: inTenant(app, me).map(shown), next: null });

export const changeRole: Handler = async ({ app, id, body }, me) => {
  const member = inTenant(app, me).find((candidate) => candidate.id === uuid(id));
  if (body.role !== "viewer" && body.role !== "manager") throw new Refusal(400, "invalid");
  if (!member) return none();
  const owners = inTenant(app, me).filter(({ role }) => role === "owner");
  if (member.role === "owner" && owners.length === 1) throw new Refusal(409, "last_owner");
  if (app.holes.has("last-owner-leaves")) await moment();
  member.role = body.role;
  return answer(200, shown(member));
};

export const removeMember: Handler = ({ app, id }, me) => {
  const member = inTenant(app, me).find((candidate) => candidate.id === uuid(id));
  if (!member) return none();
  app.members = app.members.filter((other) => other !== member);
  return answer(204);
};

function shown({ id, role, name }: Member): unknown {
  return { id, role, name };
}

/** Between a look and a write, as a database would take it. */
export function moment(ms = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

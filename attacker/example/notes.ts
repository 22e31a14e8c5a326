import { createServer, type Server } from "node:http";
import type { Manifest, Tenant, Transport, User, WireRequest, WireResponse } from "../contract.ts";
import { callerOf, issueKeys } from "./callers.ts";
import { addFolder, createFolder, folderAsked, folderNamed, listFolders, readFolder } from "./folders.ts";
import type { Hole } from "./holes.ts";
import {
  type App,
  answer,
  type Call,
  type Caller,
  type Handler,
  HOUR,
  inTenant,
  type Member,
  MINUTE,
  type Note,
  nextId,
  none,
  ORIGIN,
  PASSWORD,
  Refusal,
  ROLES,
  SLUGS,
  text,
  truth,
  uuid,
} from "./model.ts";
import { makeTokens } from "./tokens.ts";

/**
 * A small application to attack: notes of two tenants, held in memory, right unless a hole is asked for.
 * It is written as one function from request to response, so that a test needs no port. It is longer than a file
 * should be because it stands for a whole application, whose guards are best seen in the order in which they act.
 */
export function notesApplication(wanted: readonly Hole[] = []): {
  request: Transport;
  manifest: Manifest;
  listen: () => Promise<{ origin: string; close: () => Promise<void> }>;
} {
  const app = build(new Set(wanted));
  const request: Transport = async (wire) => respond(app, wire);
  return { request, manifest: manifestOf(app), listen: () => listen(request) };
}

function build(holes: ReadonlySet<Hole>): App {
  const app: App = {
    holes,
    tokens: makeTokens(holes),
    members: [],
    notes: [],
    folders: [],
    keys: new Map(),
    sessions: new Map(),
    attempts: 0,
    memory: new Map(),
    serial: 0,
  };
  for (const tenant of SLUGS) {
    for (const role of ROLES) {
      for (const name of ["one", "two"]) addMember(app, tenant, role, name, false);
    }
    for (const name of ["spare1", "spare2", "spare3"]) addMember(app, tenant, "viewer", name, true);
  }
  for (const member of app.members) {
    const folder = addFolder(app, member, "Drawer");
    app.notes.push({
      id: nextId(app),
      tenant: member.tenant,
      owner: member.id,
      title: "First",
      pinned: false,
      folder: folder.id,
      createdAt: "2026-01-01",
    });
  }
  return app;
}

function addMember(app: App, tenant: string, role: string, name: string, spare: boolean): void {
  const id = nextId(app);
  app.members.push({ id, tenant, role, name, address: `${role}-${name}@${tenant}.example`, spare });
}

function manifestOf(app: App): Manifest {
  const tenants = SLUGS.map((slug): Tenant => {
    const members = app.members.filter((member) => member.tenant === slug);
    const users = members
      .filter((member) => !member.spare)
      .map((member): User => {
        const { token, csrf, sid } = openSession(app, member);
        const old = openSession(app, member, Date.now() - 10 * MINUTE);
        const { key, dead } = issueKeys(app, member.id);
        const claims = { sub: member.id, sid, tenant: slug, role: member.role, exp: 1000 };
        return {
          name: member.name,
          role: member.role,
          userId: member.id,
          address: member.address,
          password: PASSWORD,
          cookies: { [`access.${slug}`]: token },
          csrf,
          expired: { [`access.${slug}`]: app.tokens.issue(claims) },
          stale: { cookies: { [`access.${slug}`]: old.token }, csrf: old.csrf },
          key,
          deadKeys: [dead],
        };
      });
    const notes = app.notes.filter((note) => note.tenant === slug);
    const folders = app.folders.filter((folder) => folder.tenant === slug);
    return {
      slug,
      users,
      objects: {
        session: [...app.sessions]
          .filter(([, { member }]) => members.some(({ id }) => id === member))
          .map(([id, { member }]) => ({ id, owner: member, visibility: "private" })),
        note: notes.map((note) => ({ id: note.id, owner: note.owner, visibility: "private" })),
        folder: folders.map(({ id, owner }) => ({ id, owner, visibility: "private" })),
        member: members.map((member) => ({ id: member.id, spare: member.spare })),
      },
    };
  });
  const routes = [
    ["GET", "/api/health"],
    ["POST", "/api/t/:slug/session"],
    ["GET", "/api/t/:slug/notes/:id"],
    ["HEAD", "/api/t/:slug/notes/:id"],
    ...(app.holes.has("undocumented-route") ? [["GET", "/api/debug"]] : []),
  ].map(([method = "", path = ""]) => ({ method, path }));
  const bodies = { "PATCH /api/t/{slug}/notes/{id}": { title: "$fresh", pinned: true, folder: null } };
  return { origin: ORIGIN, tenants, routes, bodies, publicKeys: [app.tokens.publicKey] };
}

function openSession(
  app: App,
  member: Member,
  factorAt = Date.now(),
): { token: string; csrf: string; sid: string } {
  const sid = nextId(app);
  const csrf = `csrf-${sid}`;
  app.sessions.set(sid, { member: member.id, csrf, factorAt });
  const exp = Math.floor(Date.now() / 1000) + HOUR;
  return {
    token: app.tokens.issue({ sub: member.id, sid, tenant: member.tenant, role: member.role, exp }),
    csrf,
    sid,
  };
}

function respond(app: App, wire: WireRequest): WireResponse {
  try {
    return remembered(app, wire);
  } catch (cause) {
    if (cause instanceof Refusal) return headless(wire, refuse(app, cause));
    return answer(500, { error: { code: "internal", message: "Try again later.", requestId: nextId(app) } });
  }
}

function remembered(app: App, wire: WireRequest): WireResponse {
  const { holes, memory } = app;
  if (holes.has("not-modified-told") && wire.headers["if-none-match"] && memory.has(wire.path))
    return { status: 304, headers: {}, body: "" };
  const before = holes.has("cached-for-all") ? memory.get(wire.path) : undefined;
  if (before && wire.method === "GET") return before;
  const response = route(app, wire);
  if (wire.method !== "GET" || response.status !== 200) memory.clear();
  else memory.set(wire.path, response);
  if (!holes.has("kept-by-caches")) return response;
  return { ...response, headers: { ...response.headers, "cache-control": "max-age=60" } };
}

function refuse(app: App, { status, code, headers, stack }: Refusal): WireResponse {
  if (app.holes.has("plain-errors") && status === 400)
    return { status, headers: { "content-type": "text/plain" }, body: "No." };
  const message = app.holes.has("leaky-errors") && status === 400 ? String(stack) : "That did not work.";
  const response = answer(status, { error: { code, message, requestId: nextId(app) } });
  return { ...response, headers: { ...response.headers, ...headers } };
}

const PATH = /^\/api\/t\/([^/]*)\/(session|sessions|account|notes|folders|members)(?:\/([^/]*))?$/;

function route(app: App, wire: WireRequest): WireResponse {
  const [path = "", query = ""] = wire.path.split("?");
  if (path === "/api/health")
    return ["GET", "HEAD"].includes(wire.method) ? headless(wire, answer(200, { ok: true })) : none();
  const match = PATH.exec(path);
  if (!match) throw new Refusal(400, "malformed_path");
  const [, rawSlug = "", noun = "", rawId] = match;
  if (wire.method === "OPTIONS") {
    if (!app.holes.has("cors-open")) return none();
    const origin = wire.headers.origin ?? "*";
    return answer(204, undefined, {
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
    });
  }
  const override = app.holes.has("method-override") ? wire.headers["X-HTTP-Method-Override"] : undefined;
  const method = override ?? (wire.method === "HEAD" ? "GET" : wire.method);
  const [slug, id] = [decoded(rawSlug), decoded(rawId ?? "")];
  if (!SLUGS.includes(slug)) throw new Refusal(rawSlug.length > 60 ? 400 : 404, "not_found");
  const limit = new URLSearchParams(query).get("limit");
  if (limit !== null && !/^\d{1,3}$/.test(limit)) throw new Refusal(400, "invalid");
  const body = ["POST", "PATCH"].includes(method) && override === undefined ? readBody(app, wire) : {};
  const call = { app, wire, method, slug, id, body };
  return headless(wire, dispatch(call, noun, rawId !== undefined, override !== undefined));
}

function headless(wire: WireRequest, response: WireResponse): WireResponse {
  return wire.method === "HEAD" ? { ...response, body: "" } : response;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, "malformed_path");
  }
}

function readBody(app: App, wire: WireRequest): Record<string, unknown> {
  const text = String(wire.body ?? "");
  if (!/^application\/json(; *charset=utf-8)?$/.test(wire.headers["content-type"] ?? ""))
    throw new Refusal(415, "media_type");
  if (text.length > 100_000) throw new Refusal(413, "too_large");
  const levels = Math.max(text.split("{").length, text.split("[").length);
  if (levels > 30) {
    if (app.holes.has("crash-on-depth")) throw new RangeError("Maximum call stack size exceeded");
    throw new Refusal(400, "too_deep");
  }
  if (/\\u0000|\\ud[89a-f]/i.test(text) && !app.holes.has("accepts-surrogates"))
    throw new Refusal(400, "text");
  if (app.holes.has("crash-on-malformed")) return JSON.parse(text);
  try {
    const value: unknown = JSON.parse(text, (key, inner) => (key === "__proto__" ? none() : inner));
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  throw new Refusal(400, "malformed_body");
}

function dispatch(call: Call, noun: string, hasId: boolean, overridden: boolean): WireResponse {
  const { app, method } = call;
  const name = `${method} ${noun}${hasId ? "/id" : ""}`;
  if (name === "POST session") return signIn(call);
  const handler = HANDLERS[name];
  if (!handler) return none();
  const [allowed, handle, more = {}] = handler;
  const unguarded =
    (app.holes.has("missing-auth") && name === "GET notes") ||
    (app.holes.has("head-unguarded") && call.wire.method === "HEAD");
  const caller = callerOf(call);
  if (caller === null && !unguarded) throw new Refusal(401, "signed_out");
  const me = caller?.member ?? app.members.find((member) => member.tenant === call.slug);
  if (!me) return none();
  if (method !== "GET" && !overridden) checkProof(call, caller);
  checkReach(app, more, caller);
  const refusedRole = app.holes.has("role-refused") && name === "GET members" && me.role === "admin";
  const freeRole = app.holes.has("missing-role") && name === "POST notes";
  if ((!allowed.includes(me.role) && !freeRole) || refusedRole) throw new Refusal(403, "forbidden");
  return handle(call, me);
}

/** A browser adds cookies to what another site asks for; a program adds its key to nothing but its own calls. */
function checkProof({ app, wire }: Call, caller: Caller | null): void {
  const { origin } = wire.headers;
  if (caller?.factorAt === null && !app.holes.has("key-asks-for-proof")) return;
  if (app.holes.has("no-csrf")) return;
  if (origin !== ORIGIN && !app.holes.has("no-origin")) throw new Refusal(403, "csrf");
  const given = wire.headers["x-csrf-token"];
  const good = app.holes.has("csrf-of-anyone") ? given?.startsWith("csrf-") : given === caller?.csrf;
  if (!good) throw new Refusal(403, "csrf");
}

function checkReach(app: App, { keys, fresh }: More, caller: Caller | null): void {
  if (caller === null) return;
  if (caller.factorAt === null && !keys && !app.holes.has("key-beyond-its-reach"))
    throw new Refusal(403, "forbidden");
  const old = caller.factorAt === null || Date.now() - caller.factorAt > 5 * MINUTE;
  if (fresh && old && !app.holes.has("old-factor-will-do")) throw new Refusal(403, "step_up_required");
}

function signIn({ app, wire, slug, body }: Call): WireResponse {
  if (wire.headers.origin !== ORIGIN && !app.holes.has("no-csrf")) throw new Refusal(403, "csrf");
  const address = text(body.address, 200);
  const password = text(body.password, 200);
  if (!address.includes("@")) throw new Refusal(400, "invalid");
  const member = app.members.find((candidate) => candidate.tenant === slug && candidate.address === address);
  if (!member || password !== PASSWORD) {
    if (++app.attempts > 60 && !app.holes.has("no-rate-limit")) {
      const headers = { "retry-after": "30", "ratelimit-limit": "60", "ratelimit-remaining": "0" };
      throw new Refusal(429, "rate_limited", app.holes.has("no-retry-after") ? {} : headers);
    }
    throw new Refusal(401, "sign_in_failed");
  }
  const { token, csrf } = openSession(app, member);
  return answer(200, { csrf, me: shown(member) }, { "set-cookie": `access.${slug}=${token}; HttpOnly` });
}

const WRITERS = ROLES.slice(1);
const ADMINS = ROLES.slice(2);
type More = { keys?: true; fresh?: true };
const FOR_KEYS: More = { keys: true };
const HANDLERS: Record<string, [allowed: string[], handle: Handler, more?: More]> = {
  "GET session": [ROLES, (_, me) => answer(200, { me: shown(me) })],
  "DELETE session": [
    ROLES,
    ({ app, wire, slug }) => {
      const token = new RegExp(`access\\.${slug}=([^;]+)`).exec(wire.headers.cookie ?? "")?.[1];
      app.sessions.delete(app.tokens.read(token ?? "")?.sid ?? "");
      return answer(204);
    },
  ],
  "GET sessions": [
    ROLES,
    ({ app }, me) => {
      const own = [...app.sessions].filter(([, session]) => session.member === me.id);
      return answer(200, { items: own.map(([id]) => ({ id })), next: null });
    },
  ],
  "DELETE sessions/id": [
    ROLES,
    ({ app, id }, me) => {
      const session = app.sessions.get(uuid(id));
      if (!session || (session.member !== me.id && !app.holes.has("idor-session"))) return none();
      app.sessions.delete(id);
      return answer(204);
    },
  ],
  "PATCH account": [
    ROLES,
    ({ app, body }, me) => {
      const member = app.members.find((candidate) => candidate.id === me.id);
      if (!member) return none();
      member.name = text(body.name, 100);
      if (app.holes.has("mass-role") && typeof body.role === "string") member.role = body.role;
      return answer(200, { name: member.name });
    },
  ],
  "GET notes": [
    ROLES,
    (call, me) => {
      const { app, wire } = call;
      const folder = folderAsked(call, new URLSearchParams(wire.path.split("?")[1]), me);
      const everywhere = app.holes.has("list-of-all-tenants");
      const everybodys = everywhere || app.holes.has("list-of-all-users");
      const items = app.notes.filter(
        (note) =>
          (folder !== null && app.holes.has("reference-in-query")) ||
          ((note.tenant === me.tenant || everywhere) && (note.owner === me.id || everybodys)),
      );
      const inFolder = items.filter((note) => folder === null || note.folder === folder);
      return answer(200, { items: inFolder, next: null });
    },
    FOR_KEYS,
  ],
  "POST notes": [
    WRITERS,
    (call, me) => {
      const { app, body } = call;
      const note: Note = {
        id: nextId(app),
        tenant: me.tenant,
        owner: me.id,
        title: text(body.title, 100),
        pinned: body.pinned === undefined ? false : truth(body.pinned),
        folder: folderNamed(call, body.folder, me),
        createdAt: "2026-01-02",
      };
      if (app.holes.has("mass-assignment")) Object.assign(note, body);
      app.notes.push(note);
      return answer(201, { id: note.id });
    },
    FOR_KEYS,
  ],
  "GET notes/id": [ROLES, (call, me) => answer(200, loadNote(call, me)), FOR_KEYS],
  "PATCH notes/id": [
    WRITERS,
    (call, me) => {
      const { app, body, id } = call;
      if (app.holes.has("writes-then-refuses")) {
        const any = app.notes.find((note) => note.id === id);
        if (any) any.title = text(body.title, 100);
      }
      const note = loadNote(call, me);
      const title = body.title === undefined ? note.title : text(body.title, 100);
      const pinned = body.pinned === undefined ? note.pinned : truth(body.pinned);
      const folder = body.folder === undefined ? note.folder : folderNamed(call, body.folder, me);
      Object.assign(note, { title, pinned, folder });
      const moved = app.holes.has("mass-tenant-unseen") && typeof body.tenant === "string";
      if (moved) note.tenant = String(body.tenant);
      return moved ? answer(204) : answer(200, note);
    },
    FOR_KEYS,
  ],
  "DELETE notes/id": [
    WRITERS,
    (call, me) => {
      const note = loadNote(call, me);
      call.app.notes = call.app.notes.filter((other) => other !== note);
      return answer(204);
    },
    FOR_KEYS,
  ],
  "GET folders": [ROLES, listFolders, FOR_KEYS],
  "GET folders/id": [ROLES, readFolder, FOR_KEYS],
  "POST folders": [ROLES, createFolder, FOR_KEYS],
  "GET members": [ADMINS, ({ app }, me) => answer(200, { items: inTenant(app, me).map(shown), next: null })],
  "PATCH members/id": [
    ADMINS,
    ({ app, id, body }, me) => {
      const member = inTenant(app, me).find((candidate) => candidate.id === uuid(id));
      if (body.role !== "viewer" && body.role !== "manager") throw new Refusal(400, "invalid");
      if (!member) return none();
      member.role = body.role;
      return answer(200, shown(member));
    },
  ],
  "DELETE members/id": [
    ["owner"],
    ({ app, id }, me) => {
      const member = inTenant(app, me).find((candidate) => candidate.id === uuid(id));
      if (!member) return none();
      app.members = app.members.filter((other) => other !== member);
      return answer(204);
    },
    { fresh: true },
  ],
};

function shown({ id, role, name }: Member): unknown {
  return { id, role, name };
}

function loadNote({ app, id, method }: Call, me: Member): Note {
  const note = app.notes.find((candidate) => candidate.id === uuid(id));
  if (!note) return none();
  const foreign = note.tenant !== me.tenant;
  const others = note.owner !== me.id;
  if (foreign && app.holes.has("existence-told")) throw new Refusal(404, "not_in_your_workspace");
  if (foreign && app.holes.has("idor-tenant")) return note;
  if (foreign && app.holes.has("idor-tenant-delete") && method === "DELETE") return note;
  if (!foreign && others && app.holes.has("idor-user")) return note;
  if (!foreign && others && app.holes.has("admins-see-private") && ADMINS.includes(me.role)) return note;
  return foreign || others ? none() : note;
}

async function listen(request: Transport): Promise<{ origin: string; close: () => Promise<void> }> {
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      const headers = Object.fromEntries(Object.entries(incoming.headers).map(([k, v]) => [k, String(v)]));
      // The application knows itself by the name it would have in production.
      if (headers.origin?.startsWith("http://127.0.0.1")) headers.origin = ORIGIN;
      const { method = "GET", url = "/" } = incoming;
      const response = await request({
        method,
        path: url,
        headers,
        body: Buffer.concat(chunks),
        stream: false,
      });
      outgoing.writeHead(response.status, response.headers).end(response.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

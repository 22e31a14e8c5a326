import type { WireRequest } from "../contract.ts";
import {
  changeRole,
  endSession,
  listMembers,
  listSessions,
  readSession,
  refreshSession,
  removeMember,
  renameSelf,
  signIn,
  signOut,
} from "./accounts.ts";
import { callerOf } from "./callers.ts";
import { addComment, listComments, readComment, removeComment } from "./comments.ts";
import { cancelDigest, digestNamed } from "./digests.ts";
import { watchNotes } from "./events.ts";
import { exportAll } from "./exports.ts";
import { downloadFile, listFiles, readFile, uploadFile } from "./files.ts";
import { createFolder, listFolders, readFolder } from "./folders.ts";
import { addHook, listHooks } from "./hooks.ts";
import { accept } from "./invitations.ts";
import { createLabel, listLabels, removeLabel } from "./labels.ts";
import {
  type App,
  answer,
  type Call,
  type Caller,
  type Handler,
  MINUTE,
  nextId,
  none,
  ORIGIN,
  Refusal,
  type Reply,
  ROLES,
} from "./model.ts";
import { changeNote, createNote, listNotes, readNote, removeNote, removeNotes } from "./notes.ts";

// From request to response: the guards, in the order in which they act, and the table of routes behind them.

export async function respond(app: App, wire: WireRequest): Promise<Reply> {
  try {
    return await remembered(app, wire);
  } catch (cause) {
    if (cause instanceof Refusal) return headless(wire, refuse(app, cause));
    return answer(500, { error: { code: "internal", message: "Try again later.", requestId: "0" } });
  }
}

async function remembered(app: App, wire: WireRequest): Promise<Reply> {
  const { holes, memory } = app;
  if (holes.has("not-modified-told") && wire.headers["if-none-match"] && memory.has(wire.path))
    return { status: 304, headers: {}, body: "" };
  const before = holes.has("cached-for-all") ? memory.get(wire.path) : undefined;
  if (before && wire.method === "GET") return before;
  const response = await route(app, wire);
  if (wire.method !== "GET" || response.status !== 200) memory.clear();
  else memory.set(wire.path, response);
  if (!holes.has("kept-by-caches")) return response;
  return { ...response, headers: { ...response.headers, "cache-control": "max-age=60" } };
}

function refuse(app: App, { status, code, headers, stack }: Refusal): Reply {
  if (app.holes.has("plain-errors") && status === 400)
    return { status, headers: { "content-type": "text/plain" }, body: "No." };
  const message = app.holes.has("leaky-errors") && status === 400 ? String(stack) : "That did not work.";
  const response = answer(status, { error: { code, message, requestId: nextId(app) } });
  return { ...response, headers: { ...response.headers, ...headers } };
}

const PATH = /^\/api\/t\/([^/]*)\/([a-z]+)(?:\/([^/]*))?(?:\/([a-z]+))?(?:\/([^/]*))?$/;

async function route(app: App, wire: WireRequest): Promise<Reply> {
  const [path = "", query = ""] = wire.path.split("?");
  if (path === "/api/health")
    return ["GET", "HEAD"].includes(wire.method) ? headless(wire, answer(200, { ok: true })) : none();
  const match = PATH.exec(path);
  if (!match) throw new Refusal(400, "malformed_path");
  const [, rawSlug = "", noun = "", rawId, sub, rawSubId] = match;
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
  const [slug, id, subId] = [decoded(rawSlug), decoded(rawId ?? ""), decoded(rawSubId ?? "")];
  if (!app.slugs.includes(slug)) throw new Refusal(rawSlug.length > 60 ? 400 : 404, "not_found");
  const parameters = new URLSearchParams(query);
  const limit = parameters.get("limit");
  if (limit !== null && !/^\d{1,3}$/.test(limit)) throw new Refusal(400, "invalid");
  if ([...parameters.values()].some((value) => value.includes("\0"))) throw new Refusal(400, "invalid");
  const name = nameOf(method, [noun, rawId, sub, rawSubId]);
  const isForm = name === "POST files";
  const reads = ["POST", "PATCH"].includes(method) && override === undefined && !isForm;
  const body = reads ? readBody(app, wire) : {};
  return headless(
    wire,
    await dispatch(
      { app, wire, method, slug, id, subId, query: parameters, body },
      name,
      override !== undefined,
    ),
  );
}

/** `GET notes/id/comments/id`; a word that stands for itself (`session/refresh`) goes before an identifier. */
function nameOf(method: string, [noun, id, sub, subId]: (string | undefined)[]): string {
  const literal = `${method} ${noun}/${id}`;
  if (id !== undefined && sub === undefined && (HANDLERS[literal] || PUBLIC[literal])) return literal;
  const parts = [noun, id === undefined ? undefined : "id", sub, subId === undefined ? undefined : "id"];
  return `${method} ${parts.filter((part) => part !== undefined).join("/")}`;
}

function headless(wire: WireRequest, response: Reply): Reply {
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
  if (text === "" && !wire.headers["content-type"]) return {};
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

async function dispatch(call: Call, name: string, overridden: boolean): Promise<Reply> {
  const { app, method } = call;
  const open = PUBLIC[name];
  if (open && call.wire.headers.origin !== ORIGIN && !app.holes.has("no-csrf"))
    throw new Refusal(403, "csrf");
  if (open) return open(call);
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
  const freeRole =
    (app.holes.has("missing-role") && name === "POST notes") ||
    (app.holes.has("export-for-all") && name === "GET export");
  if ((!allowed.includes(me.role) && !freeRole) || refusedRole) throw new Refusal(403, "forbidden");
  return handle(call, me);
}

/** A browser adds cookies to what another site asks for; a program adds its key to nothing but its own calls. */
function checkProof({ app, wire }: Call, caller: Caller | null): void {
  const { origin } = wire.headers;
  // A browser adds no header of this kind by itself.
  if (caller?.factorAt !== null && wire.headers.authorization) return;
  if (caller?.factorAt === null && !app.holes.has("key-asks-for-proof")) return;
  if (app.holes.has("no-csrf")) return;
  if (origin !== ORIGIN && !app.holes.has("no-origin")) throw new Refusal(403, "csrf");
  const given = wire.headers["x-csrf-token"];
  const anyones = app.holes.has("csrf-of-anyone") && given?.startsWith("csrf-");
  const olds = app.holes.has("old-csrf-good") && app.oldProofs.has(given ?? "");
  const good = anyones || olds || given === caller?.csrf;
  if (!good) throw new Refusal(403, "csrf");
}

function checkReach(app: App, { keys, fresh }: More, caller: Caller | null): void {
  if (caller === null) return;
  if (caller.factorAt === null && !keys && !app.holes.has("key-beyond-its-reach"))
    throw new Refusal(403, "forbidden");
  const old = caller.factorAt === null || Date.now() - caller.factorAt > 5 * MINUTE;
  if (fresh && old && !app.holes.has("old-factor-will-do")) throw new Refusal(403, "step_up_required");
}

const WRITERS = ROLES.slice(1);
const ADMINS = ROLES.slice(2);
type More = { keys?: true; fresh?: true };
const FOR_KEYS: More = { keys: true };
const PUBLIC: Record<string, (call: Call) => Reply | Promise<Reply>> = {
  "POST session": signIn,
  "POST session/refresh": refreshSession,
  "POST invitations/accept": accept,
};
const HANDLERS: Record<string, [allowed: string[], handle: Handler, more?: More]> = {
  "GET session": [ROLES, readSession],
  "DELETE session": [ROLES, signOut],
  "GET sessions": [ROLES, listSessions],
  "DELETE sessions/id": [ROLES, endSession],
  "PATCH account": [ROLES, renameSelf],
  "GET notes": [ROLES, listNotes, FOR_KEYS],
  "POST notes": [WRITERS, createNote, FOR_KEYS],
  "POST notes/delete": [WRITERS, removeNotes, FOR_KEYS],
  "GET notes/id": [ROLES, readNote, FOR_KEYS],
  "PATCH notes/id": [WRITERS, changeNote, FOR_KEYS],
  "DELETE notes/id": [WRITERS, removeNote, FOR_KEYS],
  "GET notes/id/comments": [ROLES, listComments, FOR_KEYS],
  "POST notes/id/comments": [WRITERS, addComment, FOR_KEYS],
  "GET notes/id/comments/id": [ROLES, readComment, FOR_KEYS],
  "DELETE notes/id/comments/id": [WRITERS, removeComment, FOR_KEYS],
  "POST notes/id/cancel": [WRITERS, cancelDigest, FOR_KEYS],
  "POST digests": [WRITERS, digestNamed, FOR_KEYS],
  "GET events": [ROLES, watchNotes],
  "GET export": [ADMINS, exportAll],
  "GET files": [ROLES, listFiles, FOR_KEYS],
  "POST files": [WRITERS, uploadFile, FOR_KEYS],
  "GET files/id": [ROLES, readFile, FOR_KEYS],
  "GET files/id/original": [ROLES, downloadFile, FOR_KEYS],
  "GET folders": [ROLES, listFolders, FOR_KEYS],
  "GET folders/id": [ROLES, readFolder, FOR_KEYS],
  "POST folders": [ROLES, createFolder, FOR_KEYS],
  "GET hooks": [ADMINS, listHooks],
  "POST hooks": [ADMINS, addHook],
  "GET labels": [ROLES, listLabels, FOR_KEYS],
  "POST labels": [WRITERS, createLabel, FOR_KEYS],
  "DELETE labels/id": [WRITERS, removeLabel, FOR_KEYS],
  "GET members": [ADMINS, listMembers],
  "PATCH members/id": [ADMINS, changeRole],
  "DELETE members/id": [["owner"], removeMember, { fresh: true }],
};

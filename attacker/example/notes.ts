import { busyFor } from "./accounts.ts";
import { folderAsked, folderNamed } from "./folders.ts";
import {
  type App,
  answer,
  type Call,
  type Handler,
  type Member,
  type Note,
  nextId,
  none,
  Refusal,
  text,
  truth,
  uuid,
} from "./model.ts";

// Notes are private to their owner.

export const listNotes: Handler = (call, me) => {
  const { app, query } = call;
  const folder = folderAsked(call, query, me);
  const sort = query.get("sort");
  if (sort !== null && !["title", "createdAt"].includes(sort)) throw new Refusal(400, "invalid");
  const from = pageFrom(call, me);
  const limit = Number(query.get("limit") ?? 100);
  const found = app.notes.filter(
    (note) =>
      isListed(call, note, from.owner === me.id ? me : { ...me, id: from.owner }, folder) &&
      matches(call, note, me),
  );
  const items = found.slice(from.at, from.at + limit);
  const next = found.length > from.at + limit ? pageAt(me.id, from.at + limit) : null;
  return answer(200, { items, next });
};

function isListed({ app, query }: Call, note: Note, me: Member, folder: string | null): boolean {
  const everywhere = app.holes.has("list-of-all-tenants");
  const everybodys = everywhere || app.holes.has("list-of-all-users");
  const q = query.get("q") ?? "";
  if (app.holes.has("quote-searches-all") && /^'.*OR/.test(q)) return true;
  if (app.holes.has("wildcard-searches-all") && q.includes("%")) return note.tenant === me.tenant;
  if (folder !== null && app.holes.has("reference-in-query")) return note.folder === folder;
  const theirs = (note.tenant === me.tenant || everywhere) && (note.owner === me.id || everybodys);
  return theirs && (folder === null || note.folder === folder);
}

function matches({ app, query }: Call, { title, text }: Note, _: Member): boolean {
  const q = query.get("q");
  if (q === null) return true;
  if (app.holes.has("wildcard-searches-all") && q.includes("%")) return true;
  if (app.holes.has("quote-searches-all") && /^'.*OR/.test(q)) return true;
  return `${title} ${text}`.includes(q);
}

/** A page is named by its owner and its place; whoever brings another's gets nothing. */
function pageFrom({ app, query }: Call, me: Member): { owner: string; at: number } {
  const cursor = query.get("cursor");
  if (cursor === null) return { owner: me.id, at: 0 };
  const [owner = "", at = ""] = Buffer.from(cursor, "base64url").toString("utf8").split("|");
  if (!/^\d{1,4}$/.test(at)) throw new Refusal(400, "invalid");
  if (owner !== me.id && !app.holes.has("cursor-of-anyone")) throw new Refusal(400, "invalid");
  return { owner, at: app.holes.has("cursor-of-anyone") && owner !== me.id ? 0 : Number(at) };
}

function pageAt(owner: string, at: number): string {
  return Buffer.from(`${owner}|${at}`).toString("base64url");
}

export const createNote: Handler = (call, me) => {
  const { app, body } = call;
  const pinned = body.pinned === undefined ? false : truth(body.pinned);
  const [title, folder] = [text(body.title, 100), folderNamed(call, body.folder, me)];
  const note = Object.assign(addNote(app, me, title, folder), { pinned });
  if (app.holes.has("mass-assignment")) Object.assign(note, body);
  for (const tell of app.watchers) tell(note);
  return answer(201, { id: note.id });
};

export function addNote(app: App, me: Member, title: string, folder: string | null): Note {
  const id = nextId(app);
  const note: Note = {
    ...{
      id,
      tenant: me.tenant,
      owner: me.id,
      title,
      pinned: false,
      folder,
      digest: "none",
      createdAt: "2026-01-02",
    },
    text: `The word is ${wordOf(me)}.`,
  };
  app.notes.push(note);
  return note;
}

export function wordOf({ tenant, role, id }: Member): string {
  return `lantern-${tenant}-${role}-${id.slice(-4)}`;
}

export const readNote: Handler = (call, me) => {
  const note = loadNote(call, me);
  if (!call.app.holes.has("html-from-json")) return answer(200, note);
  return answer(200, note, { "content-type": "text/html", "x-content-type-options": "" });
};

export const changeNote: Handler = (call, me) => {
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
  for (const tell of app.watchers) tell(note);
  const moved = app.holes.has("mass-tenant-unseen") && typeof body.tenant === "string";
  if (moved) note.tenant = String(body.tenant);
  return moved ? answer(204) : answer(200, note);
};

export const removeNote: Handler = (call, me) => {
  const note = loadNote(call, me);
  call.app.notes = call.app.notes.filter((other) => other !== note);
  return answer(204);
};

/** All or nothing: one of them that is not the caller's, and none goes. */
export const removeNotes: Handler = (call, me) => {
  const ids = call.body.ids;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > 50) throw new Refusal(400, "invalid");
  const named = ids.map((id) => uuid(typeof id === "string" ? id : ""));
  const checked = call.app.holes.has("only-the-first-checked") ? named.slice(0, 1) : named;
  for (const id of checked) loadNote({ ...call, id }, me);
  call.app.notes = call.app.notes.filter(({ id }) => !named.includes(id));
  return answer(204);
};

export function loadNote({ app, id, method }: Call, me: Member): Note {
  const note = app.notes.find((candidate) => candidate.id === uuid(id));
  if (!note) return none();
  const foreign = note.tenant !== me.tenant;
  const others = note.owner !== me.id;
  if (foreign && app.holes.has("existence-told")) throw new Refusal(404, "not_in_your_workspace");
  if (foreign && app.holes.has("idor-tenant")) return note;
  if (foreign && app.holes.has("idor-tenant-delete") && method === "DELETE") return note;
  if (!foreign && others && app.holes.has("idor-user")) return note;
  const isAdmin = me.role === "admin" || me.role === "owner";
  if (!foreign && others && app.holes.has("admins-see-private") && isAdmin) return note;
  if (foreign && app.holes.has("slow-for-existing")) busyFor(4);
  if (foreign && app.holes.has("header-told")) throw new Refusal(404, "not_found", { etag: '"1"' });
  return foreign || others ? none() : note;
}

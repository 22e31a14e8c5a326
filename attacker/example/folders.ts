import {
  type App,
  answer,
  type Call,
  type Folder,
  type Handler,
  type Member,
  nextId,
  none,
  Refusal,
  text,
  uuid,
} from "./model.ts";

// Folders are private to their owner; notes name the one that they lie in.

export const createFolder: Handler = ({ app, body }, me) => {
  const folder = addFolder(app, me, text(body.name, 100));
  return answer(201, { id: folder.id });
};

export const listFolders: Handler = ({ app }, me) => {
  const items = app.folders.filter(({ owner, tenant }) => owner === me.id && tenant === me.tenant);
  return answer(200, { items, next: null });
};

export const readFolder: Handler = ({ app, id }, me) => {
  const folder = app.folders.find((candidate) => candidate.id === uuid(id));
  return folder?.owner === me.id && folder.tenant === me.tenant ? answer(200, folder) : none();
};

export function addFolder(app: App, { id: owner, tenant }: Member, name: string): Folder {
  const folder = { id: nextId(app), tenant, owner, name };
  app.folders.push(folder);
  return folder;
}

/** The folder that a body names, as the caller may use it. Throws like for an identifier of nothing. */
export function folderNamed({ app }: Call, value: unknown, me: Member): string | null {
  if (value === undefined || value === null) return null;
  const id = uuid(typeof value === "string" ? value : "");
  const folder = app.folders.find((candidate) => candidate.id === id);
  if (!folder) return none();
  if (app.holes.has("reference-written-anyway")) folder.name = `${folder.name}, named`;
  const [foreign, others] = [folder.tenant !== me.tenant, folder.owner !== me.id];
  if (foreign && app.holes.has("reference-of-any-tenant")) return id;
  if (!foreign && others && app.holes.has("reference-of-any-user")) return id;
  if (foreign && app.holes.has("reference-told")) throw new Refusal(403, "not_your_folder");
  return foreign || others ? none() : id;
}

/** What a list is narrowed to: the folder of the query, or null. */
export function folderAsked(call: Call, query: URLSearchParams, me: Member): string | null {
  const asked = query.get("folder");
  if (asked === null) return null;
  if (call.app.holes.has("reference-in-query")) return uuid(asked);
  return folderNamed(call, asked, me);
}

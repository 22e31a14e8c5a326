import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { deleteFolder } from "../bin/deleting.ts";
import { sharingRoutesOf } from "../sharing/routes.ts";
import { MOST_PATHS, makePaths } from "./paths.ts";
import { createFolder, getFolder, listFolders, moveFolder, renameFolder } from "./service.ts";

const reading = unauditedBecause("a read of what the reader may see");

const Name = z
  .string()
  .trim()
  .min(1, "Give it a name.")
  .max(200, { error: "At most 200 characters.", abort: true })
  .refine((name) => !/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(name), "A name has no control characters.")
  .meta({ examples: ["Leases"] });

const Folder = z.object({
  id: Id,
  name: z.string(),
  parent: Id.nullable(),
  owner: z.object({ id: Id, name: z.string() }),
  mine: z.boolean(),
  access: z.enum(["own", "write", "read"]),
  visibility: z.enum(["private", "shared", "tenant"]),
  createdAt: z.string(),
});

const params = z.object({ id: Id });

/** Folders, and what lies in what. */
export function folderRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/folders",
    words: "List all folders that one may see",
    access: allow("folder.read"),
    audit: reading,
    rate: "read",
    output: { 200: z.object({ items: z.array(Folder), next: z.null() }) },
    handler: async (ctx) => ({ items: await listFolders(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/folders",
    words: "Make a folder, at one's own top (null) or in a folder that one may write",
    creates: "folder",
    access: allow("folder.create"),
    audit: "folder.created",
    rate: "write",
    input: {
      body: z
        .object({ name: Name, parent: Id.nullable() })
        .meta({ examples: [{ name: "Leases", parent: null }] }),
    },
    output: { 201: Folder },
    handler: (ctx, { body }) => createFolder(ctx, body),
  });
  route(routes, {
    method: "POST",
    path: "/folders/paths",
    words: "Make the folders of these paths that are not there yet, as a dropped folder needs them",
    access: allow("folder.create"),
    audit: "folder.created",
    rate: "write",
    state: "GET /folders",
    input: {
      body: z
        .object({
          parent: Id.nullable(),
          paths: z
            .array(z.string().min(1).max(5000))
            .min(1, "Name at least one.")
            .max(MOST_PATHS, `At most ${MOST_PATHS} at once.`),
        })
        .meta({ examples: [{ parent: null, paths: ["Leases/Mill Street"] }] }),
    },
    output: { 200: z.object({ items: z.array(z.object({ path: z.string(), id: Id })) }) },
    handler: async (ctx, { body }) => ({ items: await makePaths(ctx, body) }),
  });
  route(routes, {
    method: "GET",
    path: "/folders/:id",
    words: "See a folder",
    resource: "folder",
    access: allow("folder.read"),
    audit: reading,
    rate: "read",
    input: { params },
    output: { 200: Folder },
    handler: (ctx, { params: { id } }) => getFolder(ctx, id),
  });
  route(routes, {
    method: "PATCH",
    path: "/folders/:id",
    words: "Rename a folder that one may write",
    resource: "folder",
    access: allow("folder.change"),
    audit: "folder.changed",
    rate: "write",
    input: { params, body: z.object({ name: Name }) },
    output: { 200: Folder },
    handler: (ctx, { params: { id }, body }) => renameFolder(ctx, id, body.name),
  });
  route(routes, {
    method: "PUT",
    path: "/folders/:id/parent",
    words: "Move a folder into another, or (null) out of all of them",
    resource: "folder",
    access: allow("folder.move"),
    audit: "folder.moved",
    rate: "write",
    input: { params, body: z.object({ parent: Id.nullable() }).meta({ examples: [{ parent: null }] }) },
    output: { 200: Folder },
    handler: (ctx, { params: { id }, body }) => moveFolder(ctx, id, body.parent),
  });
  route(routes, {
    method: "DELETE",
    path: "/folders/:id",
    words: "Put a folder of one's own into the bin, with all that lies in it",
    resource: "folder",
    access: allow("folder.delete"),
    audit: "folder.deleted",
    rate: "write",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await deleteFolder(ctx, id);
      return null;
    },
  });
  sharingRoutesOf(routes, "folder");
}

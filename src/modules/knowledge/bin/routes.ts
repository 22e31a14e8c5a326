import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { paging } from "../../../kernel/paging.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { Many, Results } from "../documents/many.ts";
import { listBin } from "./listing.ts";
import { restoreMany } from "./many.ts";
import { emptyBin, purgeBinned } from "./purging.ts";
import { restoreBinned } from "./restoring.ts";

const params = z.object({ id: Id });

const Binned = z.object({
  id: Id,
  kind: z.enum(["document", "folder"]),
  name: z.string(),
  deletedAt: z.string(),
  until: z.string(),
  by: z.object({ id: Id, name: z.string() }),
  from: z.object({ id: Id, name: z.string() }).nullable(),
  documents: z.int(),
});

/** One's own bin. */
export function binRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/bin",
    words: "List what of one's own was deleted in the last 30 days",
    access: allow("bin.see"),
    audit: unauditedBecause("a read of what is one's own"),
    rate: "read",
    input: { query: z.object(paging(200)) },
    output: { 200: z.object({ items: z.array(Binned), next: z.string().nullable() }) },
    handler: (ctx, { query: { cursor, limit } }) => listBin(ctx, { cursor, limit }),
  });
  route(routes, {
    method: "POST",
    path: "/bin/restore",
    words: "Bring several things back out of the bin; each is answered for by itself",
    access: allow("bin.restore"),
    audit: "document.restored",
    rate: "write",
    state: "GET /bin",
    input: { body: Many },
    output: { 200: Results },
    handler: (ctx, { body }) => restoreMany(ctx, body.ids),
  });
  route(routes, {
    method: "POST",
    path: "/bin/:id/restore",
    words: "Bring something back out of the bin, to where it lay, else to the top",
    resource: "binned",
    access: allow("bin.restore"),
    audit: "document.restored",
    rate: "write",
    state: "GET /bin",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await restoreBinned(ctx, id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/bin/:id",
    words: "Give up something in the bin for ever",
    resource: "binned",
    access: allow("bin.empty"),
    audit: "document.purged",
    rate: "write",
    state: "GET /bin",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await purgeBinned(ctx, id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/bin",
    words: "Give up everything in one's bin for ever",
    access: allow("bin.empty"),
    audit: "bin.emptied",
    rate: "write",
    state: "GET /bin",
    output: { 204: z.null() },
    handler: async (ctx) => {
      await emptyBin(ctx);
      return null;
    },
  });
}

import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";
import { Id } from "../../../kernel/ids.ts";
import { paging } from "../../../kernel/paging.ts";
import { allow, type Reply, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { openStream } from "../../../kernel/routes/streams.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { sharingRoutesOf } from "../sharing/routes.ts";
import { versionRoutes } from "../versions/routes.ts";
import { openOriginal } from "./download.ts";
import { documentEvents } from "./events.ts";
import { documentHistory } from "./history.ts";
import { listDocuments, sorts } from "./listing.ts";
import { deleteMany, Many, moveMany, Results } from "./many.ts";
import { readOutline } from "./outline.ts";
import { getDocument, moveDocument, readPassages, renameDocument, retryDocument } from "./service.ts";
import { Document, Kind, Outline, Passages, passageRange } from "./shape.ts";
import { type NewFile, uploadDocuments } from "./upload.ts";

const reading = unauditedBecause("a read of what the reader may see");

const Name = z.string().trim().min(1, "Give it a name.").max(300, "At most 300 characters.");

const params = z.object({ id: Id });

/** Documents: adding, reading, changing, sharing them. */
export function documentRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/documents",
    words:
      "List the documents that one may see: all, in one folder, or in none; q keeps those whose name has its words",
    access: allow("document.read"),
    audit: reading,
    rate: "read",
    input: {
      query: z.object({
        folder: z
          .union([Id, z.literal("top")], "Use a folder's id, or top.")
          .optional()
          .meta({ examples: ["top"] }),
        q: z.string().max(300).optional(),
        kind: Kind.optional(),
        state: z.enum(["ready", "failed", "working"]).optional(),
        owner: z.enum(["mine", "others"]).optional(),
        sort: z.enum(sorts).default("newest"),
        ...paging(200),
      }),
    },
    output: {
      200: z.object({ items: z.array(Document), next: z.string().nullable(), total: z.int() }),
    },
    handler: (ctx, { query }) => listDocuments(ctx, query),
  });

  route(routes, {
    method: "POST",
    path: "/documents",
    words: "Add documents, at most 50 MB each; a field `folder` before them says where",
    creates: "document",
    access: allow("document.upload"),
    audit: "document.uploaded",
    rate: "upload",
    input: { body: "files" },
    output: {
      201: z.object({
        items: z.array(Document),
        refused: z.array(z.object({ name: z.string(), code: z.string(), message: z.string() })),
      }),
    },
    handler: (ctx, _input, reply) => uploadDocuments(ctx, newFiles(reply)),
  });

  route(routes, {
    method: "POST",
    path: "/documents/move",
    words:
      "Move several documents into a folder, or (null) out of all of them; each is answered for by itself",
    access: allow("document.move"),
    audit: "document.moved",
    rate: "write",
    state: "GET /documents",
    input: {
      body: Many.extend({ folder: Id.nullable() }),
    },
    output: { 200: Results },
    handler: (ctx, { body }) => moveMany(ctx, body.ids, body.folder),
  });

  route(routes, {
    method: "POST",
    path: "/documents/delete",
    words: "Put several documents of one's own into the bin; each is answered for by itself",
    access: allow("document.delete"),
    audit: "document.deleted",
    rate: "write",
    state: "GET /documents",
    input: { body: Many },
    output: { 200: Results },
    handler: (ctx, { body }) => deleteMany(ctx, body.ids),
  });

  route(routes, {
    method: "GET",
    path: "/documents/events",
    words: "Follow documents as they are read and indexed",
    access: allow("document.read"),
    audit: reading,
    rate: "stream",
    background: true,
    output: { 200: "events" },
    handler: async (ctx, _input, reply) =>
      documentEvents(ctx, reply.header("last-event-id"), openStream(ctx, reply.gone())),
  });

  route(routes, {
    method: "GET",
    path: "/documents/:id",
    words: "See a document's state",
    resource: "document",
    access: allow("document.read"),
    audit: reading,
    rate: "read",
    // What is read most asks nothing of other documents unless it is told to.
    input: { params, query: z.object({ with: z.literal("duplicates").optional() }) },
    output: { 200: Document },
    handler: (ctx, { params: { id }, query }) =>
      getDocument(ctx, id, { duplicates: query.with === "duplicates" }),
  });

  route(routes, {
    method: "GET",
    path: "/documents/:id/passages",
    words: "Read a document's text, passage by passage",
    resource: "document",
    access: allow("document.read"),
    audit: reading,
    rate: "read",
    input: { params, query: passageRange },
    output: { 200: Passages },
    handler: (ctx, { params: { id }, query }) => readPassages(ctx, id, query),
  });

  route(routes, {
    method: "GET",
    path: "/documents/:id/outline",
    words: "See where a document's pages and headings begin",
    resource: "document",
    access: allow("document.read"),
    audit: reading,
    rate: "read",
    input: { params },
    output: { 200: Outline },
    handler: (ctx, { params: { id } }) => readOutline(ctx, id),
  });

  route(routes, {
    method: "GET",
    path: "/documents/:id/history",
    words: "What was done with a document, newest first, as far as one may know",
    resource: "document",
    access: allow("document.history"),
    audit: reading,
    rate: "read",
    input: { params, query: z.object(paging(100)) },
    output: {
      200: z.object({
        items: z.array(
          z.object({
            at: z.string(),
            by: z.object({ id: Id, name: z.string().nullable() }).nullable(),
            event: z.string(),
            changes: z.record(z.string(), z.array(z.unknown())),
          }),
        ),
        next: z.string().nullable(),
      }),
    },
    handler: (ctx, { params: { id }, query: { cursor, limit } }) =>
      documentHistory(ctx, id, { cursor, limit }),
  });

  route(routes, {
    method: "GET",
    path: "/documents/:id/original",
    words: "Download the file as it was added",
    resource: "document",
    access: allow("document.download"),
    audit: "document.downloaded",
    rate: "read",
    input: { params },
    output: { 200: "bytes" },
    handler: (ctx, { params: { id } }) => openOriginal(ctx, id),
  });

  route(routes, {
    method: "PATCH",
    path: "/documents/:id",
    words: "Rename a document that one may write",
    resource: "document",
    access: allow("document.change"),
    audit: "document.changed",
    rate: "write",
    input: {
      params,
      body: z.object({ name: Name.meta({ examples: ["Lease, Mill Street 4.pdf"] }) }),
    },
    output: { 200: Document },
    handler: (ctx, { params: { id }, body }) => renameDocument(ctx, id, body.name),
  });

  route(routes, {
    method: "PUT",
    path: "/documents/:id/folder",
    words: "Move a document into a folder, or (null) out of all of them",
    resource: "document",
    access: allow("document.move"),
    audit: "document.moved",
    rate: "write",
    input: { params, body: z.object({ folder: Id.nullable() }).meta({ examples: [{ folder: null }] }) },
    output: { 200: Document },
    handler: (ctx, { params: { id }, body }) => moveDocument(ctx, id, body.folder),
  });

  route(routes, {
    method: "DELETE",
    path: "/documents/:id",
    words: "Put a document of one's own into the bin; for 30 days it can be brought back",
    resource: "document",
    access: allow("document.delete"),
    audit: "document.deleted",
    rate: "write",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await deleteDocument(ctx, id);
      return null;
    },
  });

  route(routes, {
    method: "POST",
    path: "/documents/:id/retry",
    words: "Read a document again that could not be read",
    resource: "document",
    access: allow("document.retry"),
    audit: "document.retried",
    rate: "write",
    mayAnswer: [409],
    input: { params },
    output: { 200: Document },
    handler: (ctx, { params: { id } }) => retryDocument(ctx, id),
  });

  versionRoutes(routes);
  sharingRoutesOf(routes, "document");
}

/** The files of a form; the fields `visibility` and `folder` before them count for those that follow. */
async function* newFiles(reply: Reply): AsyncGenerator<NewFile> {
  for await (const { name, stream, field } of reply.uploads()) {
    const fields = NewFileFields.safeParse({ visibility: field("visibility"), folder: field("folder") });
    if (!fields.success) {
      const [wrong] = fields.error.issues;
      throw appError("invalid_input", { fields: { [String(wrong?.path[0])]: wrong?.message ?? "" } });
    }
    const { visibility, folder } = fields.data;
    yield { name, stream, ...(visibility ? { visibility } : {}), ...(folder ? { folder } : {}) };
  }
}

const NewFileFields = z.object({
  visibility: z.enum(["private", "tenant"], "Use private or tenant.").optional(),
  folder: z.union([Id, z.literal("")], "Not a folder's id.").optional(),
});

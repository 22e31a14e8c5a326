import { z } from "zod";
import { appError } from "../../kernel/errors.ts";
import { Id } from "../../kernel/ids.ts";
import { paging } from "../../kernel/paging.ts";
import { allow, type Reply, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import { openStream } from "../../kernel/routes/streams.ts";
import "./permissions.ts";
import { documentEvents } from "./documents/events.ts";
import {
  changeDocument,
  deleteDocument,
  getDocument,
  listDocuments,
  openOriginal,
  readPassages,
  retryDocument,
} from "./documents/service.ts";
import { type NewFile, uploadDocuments } from "./documents/upload.ts";
import { searchPassages } from "./service.ts";

const reading = unauditedBecause("a read of what the reader may see");

const Visibility = z.enum(["private", "tenant"]);
const Name = z.string().trim().min(1, "Give it a name.").max(300, "At most 300 characters.");

const Document = z.object({
  id: Id,
  name: z.string(),
  kind: z.enum(["pdf", "html", "markdown", "text"]),
  bytes: z.int(),
  pages: z.int().nullable(),
  state: z.enum(["received", "reading", "indexing", "ready", "failed"]),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  visibility: Visibility,
  owner: z.object({ id: Id, name: z.string() }),
  mine: z.boolean(),
  createdAt: z.string(),
});

const Passage = z.object({
  no: z.int(),
  page: z.int().nullable(),
  heading: z.string().nullable(),
  text: z.string(),
});

const params = z.object({ id: Id });

/** Documents and search in them. */
export function knowledgeRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/documents",
    words: "List the documents that one may see, newest first; q keeps those whose name has its words",
    access: allow("document.read"),
    audit: reading,
    rate: "read",
    input: { query: z.object({ q: z.string().max(300).optional(), ...paging(200) }) },
    output: {
      200: z.object({ items: z.array(Document), next: z.string().nullable(), total: z.int() }),
    },
    handler: (ctx, { query }) => listDocuments(ctx, query),
  });

  route(routes, {
    method: "POST",
    path: "/documents",
    words: "Add documents: text, Markdown, HTML or PDF, at most 50 MB each",
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
    input: { params },
    output: { 200: Document },
    handler: (ctx, { params: { id } }) => getDocument(ctx, id),
  });

  route(routes, {
    method: "GET",
    path: "/documents/:id/passages",
    words: "Read a document's text, passage by passage",
    resource: "document",
    access: allow("document.read"),
    audit: reading,
    rate: "read",
    input: {
      params,
      query: z.object({
        from: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    },
    output: { 200: z.object({ items: z.array(Passage), next: z.string().nullable() }) },
    handler: (ctx, { params: { id }, query }) => readPassages(ctx, id, query),
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
    words: "Rename a document of one's own, or change who may read it",
    resource: "document",
    access: allow("document.change"),
    audit: "document.changed",
    rate: "write",
    input: {
      params,
      body: z
        .object({ name: Name.meta({ examples: ["Lease, Mill Street 4.pdf"] }), visibility: Visibility })
        .partial()
        .refine((change) => Object.keys(change).length > 0, "Say what to change."),
    },
    output: { 200: Document },
    handler: (ctx, { params: { id }, body }) => changeDocument(ctx, id, body),
  });

  route(routes, {
    method: "DELETE",
    path: "/documents/:id",
    words: "Delete a document of one's own with its text and its file",
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
    access: allow("document.upload"),
    audit: "document.retried",
    rate: "write",
    mayAnswer: [409],
    input: { params },
    output: { 200: Document },
    handler: (ctx, { params: { id } }) => retryDocument(ctx, id),
  });

  route(routes, {
    method: "GET",
    path: "/search",
    words: "Search the text of the documents that one may see",
    access: allow("search.use"),
    audit: reading,
    rate: "read",
    input: {
      query: z.object({
        q: z
          .string()
          .trim()
          .min(1, "Give at least one word.")
          .max(500, "At most 500 characters.")
          .meta({ examples: ["notice period"] }),
        limit: z.coerce.number().int().min(1).max(50).default(20),
      }),
    },
    output: {
      200: z.object({
        items: z.array(
          z.object({
            document: z.object({ id: Id, name: z.string() }),
            passage: z.int(),
            page: z.int().nullable(),
            text: z.string(),
            marks: z.array(z.array(z.int())),
          }),
        ),
        ms: z.number(),
        documents: z.int(),
      }),
    },
    handler: (ctx, { query: { q, limit } }) => searchPassages(ctx, q, limit),
  });
}

/** The files of a form; a field `visibility` before them counts for those that follow. */
async function* newFiles(reply: Reply): AsyncGenerator<NewFile> {
  for await (const { name, stream, field } of reply.uploads()) {
    const visibility = Visibility.optional().safeParse(field("visibility"));
    if (!visibility.success)
      throw appError("invalid_input", { fields: { visibility: "Use private or tenant." } });
    yield { name, stream, ...(visibility.data ? { visibility: visibility.data } : {}) };
  }
}

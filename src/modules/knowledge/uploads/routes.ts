import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Reply, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { Document } from "../documents/shape.ts";
import { MOST_BYTES } from "../documents/storing.ts";
import { cancelUpload, finishUpload } from "./ending.ts";
import { type Piece, takePiece } from "./pieces.ts";
import { beginUpload, getUpload, listUploads } from "./service.ts";

const own = unauditedBecause("a read of what is one's own");
const params = z.object({ id: Id });

const Upload = z.object({
  id: Id,
  name: z.string(),
  bytes: z.int(),
  offset: z.int(),
  pieceBytes: z.int(),
  folder: Id.nullable(),
  document: Id.nullable(),
  expiresAt: z.string(),
});

/** Uploads that can be gone on with after a connection was lost. */
export function uploadRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/uploads",
    words: "List one's own uploads that are not finished",
    access: allow("document.upload"),
    audit: own,
    rate: "read",
    output: { 200: z.object({ items: z.array(Upload), next: z.null() }) },
    handler: async (ctx) => ({ items: await listUploads(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/uploads",
    words: "Begin an upload in pieces: of a document, or of a new version of one",
    creates: "upload",
    access: allow("document.upload"),
    audit: "upload.begun",
    rate: "write",
    mayAnswer: [409],
    input: {
      body: z
        .object({
          name: z.string().min(1, "Give it a name.").max(1000, "At most 1,000 characters."),
          bytes: z.int().min(1, "The file is empty.").max(MOST_BYTES, "A document may have 50 MB."),
          folder: Id.nullable(),
          visibility: z.enum(["private", "tenant"]).optional(),
          document: Id.optional(),
        })
        .meta({ examples: [{ name: "Notes.txt", bytes: 12, folder: null }] }),
    },
    output: { 201: Upload },
    handler: (ctx, { body }) => beginUpload(ctx, body),
  });
  route(routes, {
    method: "GET",
    path: "/uploads/:id",
    words: "See how far an upload has come",
    resource: "upload",
    access: allow("document.upload"),
    audit: own,
    rate: "read",
    input: { params },
    output: { 200: Upload },
    handler: (ctx, { params: { id } }) => getUpload(ctx, id),
  });
  route(routes, {
    method: "POST",
    path: "/uploads/:id/pieces",
    words: "Send the next piece; a field `offset` before it says where it begins",
    resource: "upload",
    access: allow("document.upload"),
    audit: unauditedBecause("a part of an upload, whose beginning and end are recorded"),
    rate: "upload",
    mayAnswer: [409, 415, 422],
    input: { params, body: "files" },
    output: { 200: Upload },
    handler: (ctx, { params: { id } }, reply) => takePiece(ctx, id, piecesIn(reply)),
  });
  route(routes, {
    method: "POST",
    path: "/uploads/:id/finish",
    words: "Make the document of all pieces",
    resource: "upload",
    access: allow("document.upload"),
    audit: "document.uploaded",
    rate: "write",
    mayAnswer: [409],
    input: { params },
    output: { 201: Document },
    handler: (ctx, { params: { id } }) => finishUpload(ctx, id),
  });
  route(routes, {
    method: "DELETE",
    path: "/uploads/:id",
    words: "Give up an upload",
    resource: "upload",
    access: allow("document.upload"),
    audit: "upload.cancelled",
    rate: "write",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await cancelUpload(ctx, id);
      return null;
    },
  });
}

const Offset = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number);

async function* piecesIn(reply: Reply): AsyncGenerator<Piece> {
  for await (const { stream, field } of reply.uploads()) {
    const offset = Offset.safeParse(field("offset"));
    if (!offset.success) {
      stream.resume();
      throw appError("invalid_input", { fields: { offset: "Say where the piece begins, before it." } });
    }
    yield { offset: offset.data, stream };
  }
}

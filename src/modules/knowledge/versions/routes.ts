import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { Document, Kind, Passages, passageRange } from "../documents/shape.ts";
import { uploadVersion } from "../documents/upload.ts";
import { compareVersions } from "./compare.ts";
import { listVersions, openVersionOriginal, readVersion, restoreVersion } from "./service.ts";

const reading = unauditedBecause("a read of what the reader may see");
const params = z.object({ id: Id });

const Version = z.object({
  id: Id,
  no: z.int(),
  kind: Kind,
  bytes: z.int(),
  pages: z.int().nullable(),
  name: z.string(),
  by: z.object({ id: Id, name: z.string() }),
  at: z.string(),
  current: z.boolean(),
  state: z.enum(["received", "reading", "ready", "failed"]),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  restoredFrom: z.int().nullable(),
});

/** Versions of a document: adding, seeing, comparing, restoring them. */
export function versionRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/documents/:id/versions",
    words: "List the versions of a document, newest first",
    resource: "document",
    access: allow("document.versions"),
    audit: reading,
    rate: "read",
    input: { params },
    output: { 200: z.object({ items: z.array(Version), next: z.null() }) },
    handler: async (ctx, { params: { id } }) => ({ items: await listVersions(ctx, id), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/documents/:id/versions",
    words: "Add a file as a new version; the present one stays until it has been read",
    resource: "document",
    access: allow("document.add-version"),
    audit: "document.version-added",
    rate: "upload",
    state: "GET /documents/:id/versions",
    input: { params, body: "files" },
    output: { 201: Document },
    handler: (ctx, { params: { id } }, reply) => uploadVersion(ctx, id, reply.uploads()),
  });
  route(routes, {
    method: "GET",
    path: "/versions/:id/passages",
    words: "Read the text of a version, passage by passage",
    resource: "version",
    access: allow("document.versions"),
    audit: reading,
    rate: "read",
    input: { params, query: passageRange },
    output: { 200: Passages },
    handler: (ctx, { params: { id }, query }) => readVersion(ctx, id, query),
  });
  route(routes, {
    method: "GET",
    path: "/versions/:id/original",
    words: "Download the file of a version as it was added",
    resource: "version",
    access: allow("document.download"),
    audit: "document.downloaded",
    rate: "read",
    input: { params },
    output: { 200: "bytes" },
    handler: (ctx, { params: { id } }) => openVersionOriginal(ctx, id),
  });
  route(routes, {
    method: "GET",
    path: "/versions/:id/compare",
    words:
      "Compare the text of a version with that of another one of the same document, or of its present one (current)",
    resource: "version",
    access: allow("document.versions"),
    audit: reading,
    rate: "read",
    input: {
      params,
      query: z.object({
        with: z
          .union([Id, z.literal("current")], "Use a version's id, or current.")
          .default("current")
          .meta({ examples: ["current"] }),
      }),
    },
    output: {
      200: z.object({
        from: z.int(),
        to: z.int(),
        items: z.array(
          z.object({
            kind: z.enum(["same", "added", "removed"]),
            text: z.string(),
            page: z.int().nullable(),
          }),
        ),
        truncated: z.boolean(),
      }),
    },
    handler: (ctx, { params: { id }, query }) => compareVersions(ctx, id, query.with),
  });
  route(routes, {
    method: "POST",
    path: "/versions/:id/restore",
    words: "Make an older version the newest one",
    resource: "version",
    access: allow("document.restore-version"),
    audit: "document.version-restored",
    rate: "write",
    mayAnswer: [409],
    state: "none: the list of versions is asked by the document's id",
    input: { params },
    output: { 200: Document },
    handler: (ctx, { params: { id } }) => restoreVersion(ctx, id),
  });
}

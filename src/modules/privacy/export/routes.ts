import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { ids, nothing } from "../../identity/shapes.ts";
import { Recipient } from "./recipient.ts";
import { askForExport, endExport, fetchPart, listExports } from "./service.ts";

const body = z.object({ recipient: Recipient.optional() });
const made = z.object({ id: z.string() });
const WHILE_CLOSING = "taking everything out is what the time is for";

export function exportRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/exports",
    words: "Ask for an export of everything in the workspace, what is private to members among it",
    whileClosing: WHILE_CLOSING,
    access: allow("tenant.export"),
    audit: "workspace.export-asked",
    rate: "write",
    fresh: true,
    input: { body },
    output: { 201: made },
    handler: (ctx, { body: { recipient } }) => askForExport(ctx, "workspace", recipient ?? null),
  });
  route(routes, {
    method: "POST",
    path: "/account/exports",
    words: "Ask for an export of one's own data",
    creates: "export",
    // Somebody has asked for many already.
    mayAnswer: [409],
    whileClosing: WHILE_CLOSING,
    access: allow("account.export"),
    audit: "account.export-asked",
    rate: "write",
    state: "GET /exports",
    input: { body },
    output: { 201: made },
    handler: (ctx, { body: { recipient } }) => askForExport(ctx, "person", recipient ?? null),
  });
  route(routes, {
    method: "GET",
    path: "/exports",
    words: "The exports that one asked for, and how far they are",
    access: allow("account.export"),
    audit: unauditedBecause("what one asked for oneself"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            kind: z.enum(["workspace", "person"]),
            state: z.enum(["making", "ready", "failed", "ended"]),
            encrypted: z.boolean(),
            createdAt: z.string(),
            expiresAt: z.string(),
            done: z.number(),
            total: z.number(),
            parts: z.array(z.object({ no: z.number(), bytes: z.number(), name: z.string() })),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listExports(ctx), next: null }),
  });
  route(routes, {
    method: "GET",
    path: "/exports/:id/parts/:no",
    words: "Fetch a part of an export, or a range of its bytes",
    resource: "export",
    access: allow("account.export"),
    audit: "export.downloaded",
    rate: "read",
    input: {
      params: z.object({
        id: Id,
        no: z.coerce
          .number()
          .int()
          .min(1)
          .max(100_000)
          .meta({ examples: [1] }),
      }),
    },
    output: { 200: "bytes" },
    handler: (ctx, { params }, reply) => fetchPart(ctx, params.id, params.no, reply.header("range")),
  });
  route(routes, {
    method: "DELETE",
    path: "/exports/:id",
    words: "End an export: its files go",
    resource: "export",
    whileClosing: WHILE_CLOSING,
    access: allow("account.export"),
    audit: "export.ended",
    rate: "write",
    state: "GET /exports",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await endExport(ctx, params.id);
      return null;
    },
  });
}

import { Readable } from "node:stream";
import { z } from "zod";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { Id, newId } from "../../../kernel/ids.ts";
import {
  allow,
  type Download,
  publicBecause,
  type Routes,
  route,
  unauditedBecause,
} from "../../../kernel/routes/contract.ts";
import { csvLines, ocsfLines } from "./formats.ts";
import { consistency, exportLines, proveEntry, publicLog } from "./log/proofs.ts";
import { allEntries, listEntries } from "./service.ts";
import { AuditItem } from "./shape.ts";

// PostgreSQL knows no year 0; nothing was recorded before, and nothing will be after these.
const Moment = z.iso
  .datetime({ error: "Use a time such as 2026-03-01T00:00:00Z." })
  .refine((at) => /^(19|20|21)\d\d-/.test(at), "Use a time between 1900 and 2199.");
const filters = {
  actor: Id.optional(),
  event: z.string().max(60).optional(),
  resource: z.string().max(60).optional(),
  since: Moment.meta({ examples: ["2000-01-01T00:00:00Z"] })
    .transform((at) => new Date(at))
    .optional(),
  until: Moment.meta({ examples: ["2100-01-01T00:00:00Z"] })
    .transform((at) => new Date(at))
    .optional(),
};

const Hash = z.string();
const Signed = { checkpoint: z.string(), key: z.string(), size: z.int() };
const Proof = z.object({
  ...Signed,
  entry: z.object({
    tenant: Id,
    id: Id,
    at: z.string(),
    actorKind: z.string(),
    actorId: Id.nullable(),
    keyId: Id.nullable(),
    role: z.string().nullable(),
    event: z.string(),
    resourceType: z.string(),
    resourceId: Id.nullable(),
    outcome: z.string(),
    commitment: Hash.nullable(),
  }),
  content: z.string().nullable(),
  number: z.int(),
  index: z.int(),
  path: z.array(Hash),
});

/** The audit log: reading it, proving it, taking it away. */
export function auditRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/audit",
    words: "The audit log of the workspace, newest first",
    access: allow("audit.read"),
    audit: unauditedBecause(
      "reading the log shows no one's content; recording it would bury the log in itself",
    ),
    rate: "read",
    input: {
      query: z.object({
        ...filters,
        cursor: z.string().max(80).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    },
    output: { 200: z.object({ items: z.array(AuditItem), next: z.string().nullable() }) },
    handler: (ctx, { query }) => listEntries(ctx, query),
  });

  route(routes, {
    method: "GET",
    path: "/audit/export",
    words:
      "Take the audit log away: all of it with proofs for verify/, or what is filtered as CSV or OCSF JSON lines",
    access: allow("audit.export"),
    audit: "audit.exported",
    rate: "stream",
    fresh: true,
    input: {
      query: z.object({
        ...filters,
        format: z
          .enum(["proof", "csv", "ocsf"])
          .default("proof")
          .meta({ examples: ["csv"] }),
      }),
    },
    output: { 200: "bytes" },
    handler: (ctx, { query: { format, ...filter } }) => exportLog(ctx, format, filter),
  });

  route(routes, {
    method: "GET",
    path: "/audit/:id/proof",
    words: "Show that an entry stands unchanged in the signed log",
    resource: "entry",
    access: allow("audit.read"),
    audit: unauditedBecause("reading the log shows no one's content"),
    rate: "read",
    input: { params: z.object({ id: Id }) },
    output: { 200: Proof },
    handler: (ctx, { params: { id } }) => proveEntry(ctx, id),
  });

  route(routes, {
    method: "GET",
    path: "/security/checkpoint",
    of: "installation",
    words: "The newest signed checkpoint of the audit log, and whether the log still fits it",
    access: publicBecause("a checkpoint is there to be kept by others"),
    audit: unauditedBecause("shows nothing of any tenant but that something was recorded"),
    rate: "public",
    output: { 200: z.object({ ...Signed, intact: z.boolean(), problem: z.string().nullable() }) },
    handler: ({ system }) => publicLog(system),
  });

  route(routes, {
    method: "GET",
    path: "/security/consistency",
    of: "installation",
    words: "Show that the audit log of `to` entries begins with the one of `from`",
    access: publicBecause("whoever kept a checkpoint may ask whether the log grew out of it"),
    audit: unauditedBecause("answers hashes only"),
    rate: "public",
    input: {
      query: z.object({
        from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
        to: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
      }),
    },
    output: { 200: z.object({ from: z.int(), to: z.int(), path: z.array(Hash) }) },
    handler: async ({ system }, { query: { from, to } }) => ({
      from,
      to,
      path: await consistency(system, from, to),
    }),
  });
}

type Format = "proof" | "csv" | "ocsf";

async function exportLog(
  ctx: Ctx,
  format: Format,
  filter: Parameters<typeof allEntries>[1],
): Promise<Download> {
  // What is left out of a log cannot be told from what was taken out of it.
  if (format === "proof" && Object.values(filter).some((value) => value !== undefined))
    throw appError("invalid_input", {
      message: "With proofs the log is exported whole. Leave the filters out, or choose CSV or OCSF.",
    });
  await unit(ctx, async (inner) => {
    record(inner, {
      event: "audit.exported",
      resource: { type: "audit-export", id: newId() },
      changes: { format: [null, format] },
    });
  });
  const lines =
    format === "proof"
      ? exportLines(ctx)
      : format === "csv"
        ? csvLines(allEntries(ctx, filter))
        : ocsfLines(allEntries(ctx, filter), ctx.system.version, tenantOf(ctx).id);
  const day = ctx.clock().toISOString().slice(0, 10);
  return {
    stream: Readable.from(ended(lines), { objectMode: false }),
    name: `audit-${tenantOf(ctx).slug}-${day}.${format === "csv" ? "csv" : "jsonl"}`,
    bytes: null,
  };
}

async function* ended(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(`${line}\n`);
}

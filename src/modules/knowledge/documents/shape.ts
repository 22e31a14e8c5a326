import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { kinds } from "../extraction/sniff.ts";

export const Kind = z.enum(kinds);

const Problem = z.object({ code: z.string(), message: z.string() });

/** A document as routes answer it; `Document` of view.ts. */
export const Document = z.object({
  id: Id,
  name: z.string(),
  kind: Kind,
  bytes: z.int(),
  pages: z.int().nullable(),
  state: z.enum(["received", "reading", "indexing", "ready", "failed"]),
  problem: Problem.nullable(),
  folder: Id.nullable(),
  visibility: z.enum(["private", "shared", "tenant"]),
  access: z.enum(["own", "write", "read"]),
  owner: z.object({ id: Id, name: z.string() }),
  mine: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
  version: z.int(),
  versions: z.int(),
  newer: z
    .object({ no: z.int(), state: z.enum(["received", "reading", "failed"]), problem: Problem.nullable() })
    .nullable(),
  language: z.string().nullable(),
  pictures: z.int().nullable(),
  duplicates: z.array(z.object({ id: Id, name: z.string() })),
});

export const Passages = z.object({
  items: z.array(
    z.object({
      no: z.int(),
      page: z.int().nullable(),
      heading: z.string().nullable(),
      text: z.string(),
    }),
  ),
  next: z.string().nullable(),
});

export const Outline = z.object({
  passages: z.int(),
  items: z.array(z.object({ no: z.int(), page: z.int().nullable(), heading: z.string().nullable() })),
});

export const passageRange = z.object({
  from: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

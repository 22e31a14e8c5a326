import { z } from "zod";
import { Id } from "../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import { kinds } from "./extraction/sniff.ts";
import { CURSOR } from "./index/cursor.ts";
import { searchPassages } from "./service.ts";

// PostgreSQL knows no year 0, and no day after the last that it can name.
export const Day = z.iso
  .date("Give a day as 2025-03-31.")
  .refine((day) => /^(19|20|21)/.test(day), "Give a day between 1900 and 2199.");
const Marks = z.array(z.array(z.int()));

/** Search in the text of documents. */
export function searchRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/search",
    words: "Search the text of the documents that one may see",
    access: allow("search.use"),
    audit: unauditedBecause("a read of what the reader may see"),
    rate: "read",
    input: {
      query: z.object({
        q: z
          .string()
          .trim()
          .min(1, "Give at least one word.")
          .max(500, "At most 500 characters.")
          .meta({ examples: ["notice period"] }),
        typing: z.enum(["true", "false"]).default("false"),
        folder: Id.optional(),
        document: Id.optional(),
        kind: z.enum(kinds).optional(),
        owner: z.enum(["mine", "others"]).optional(),
        since: Day.optional().meta({ examples: ["2000-01-01"] }),
        until: Day.optional().meta({ examples: ["2100-01-01"] }),
        cursor: z
          .string()
          .refine((c) => c === "" || CURSOR.test(c), "Use the cursor that the page before gave as next.")
          .optional(),
        limit: z.coerce.number().int().min(1).max(50).default(20),
      }),
    },
    output: {
      200: z.object({
        items: z.array(
          z.object({
            document: z.object({
              id: Id,
              name: z.string(),
              kind: z.enum(kinds),
              folder: Id.nullable(),
            }),
            passage: z.int(),
            page: z.int().nullable(),
            heading: z.string().nullable(),
            text: z.string(),
            marks: Marks,
            headingMarks: Marks,
            nameMarks: Marks,
          }),
        ),
        next: z.string().nullable(),
        total: z.int().nullable(),
        didYouMean: z.string().nullable(),
        corrected: z.string().nullable(),
        ms: z.number(),
        documents: z.int(),
      }),
    },
    handler: (ctx, { query: { q, typing, cursor, limit, ...filters } }) =>
      searchPassages(ctx, q, limit, { typing: typing === "true", filters, cursor: cursor || undefined }),
  });
}

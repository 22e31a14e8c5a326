import { z } from "zod";
import { Id } from "../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import "./permissions.ts";
import { documentRoutes } from "./documents/routes.ts";
import { folderRoutes } from "./folders/routes.ts";
import { searchPassages } from "./service.ts";
import { shareRoutes } from "./sharing/routes.ts";

/** Documents, folders, shares, and search. */
export function knowledgeRoutes(routes: Routes): void {
  documentRoutes(routes);
  folderRoutes(routes);
  shareRoutes(routes);

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

import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { paging } from "../../../kernel/paging.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { kinds } from "../extraction/sniff.ts";
import { Day } from "../search-routes.ts";
import {
  changeSavedSearch,
  deleteSavedSearch,
  listSavedSearches,
  MOST_SAVED_SEARCHES,
  saveSearch,
} from "./service.ts";

const Name = z
  .string()
  .trim()
  .min(1, "Give it a name.")
  .max(120, { error: "At most 120 characters.", abort: true })
  .refine((name) => !/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(name), "A name has no control characters.")
  .meta({ examples: ["Notice periods"] });
const Words = z
  .string()
  .trim()
  .min(1, "Give at least one word.")
  .max(500, "At most 500 characters.")
  .meta({ examples: ["notice period"] });
const SavedDay = Day.meta({ examples: ["2025-03-31"] });
const Filters = z.object({
  folder: Id.optional(),
  kind: z.enum(kinds).optional(),
  owner: z.enum(["mine", "others"]).optional(),
  since: SavedDay.optional(),
  until: SavedDay.optional(),
});

const SavedSearch = z.object({
  id: Id,
  name: z.string(),
  q: z.string(),
  filters: Filters,
  createdAt: z.string(),
});
const params = z.object({ id: Id });

/** Searches that a member keeps. Each is its member's alone. */
export function savedSearchRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/saved-searches",
    words: "List one's own saved searches, the newest first",
    access: allow("saved-search.use"),
    audit: unauditedBecause("a read of one's own"),
    rate: "read",
    input: { query: z.object(paging(MOST_SAVED_SEARCHES)) },
    output: { 200: z.object({ items: z.array(SavedSearch), next: z.string().nullable() }) },
    handler: (ctx, { query }) => listSavedSearches(ctx, query),
  });
  route(routes, {
    method: "POST",
    path: "/saved-searches",
    words: "Save a search",
    creates: "saved-search",
    access: allow("saved-search.create"),
    audit: "saved-search.created",
    rate: "write",
    input: {
      body: z
        .object({ name: Name, q: Words, filters: Filters })
        .meta({ examples: [{ name: "Notice periods", q: "notice period", filters: {} }] }),
    },
    output: { 201: SavedSearch },
    handler: (ctx, { body }) => saveSearch(ctx, body),
  });
  route(routes, {
    method: "PATCH",
    path: "/saved-searches/:id",
    words: "Change a saved search of one's own",
    resource: "saved-search",
    access: allow("saved-search.change"),
    audit: "saved-search.changed",
    rate: "write",
    input: {
      params,
      body: z
        .object({ name: Name.optional(), q: Words.optional(), filters: Filters.optional() })
        .meta({ examples: [{ name: "Notice periods of leases" }] }),
    },
    output: { 200: SavedSearch },
    handler: (ctx, { params: { id }, body }) => changeSavedSearch(ctx, id, body),
  });
  route(routes, {
    method: "DELETE",
    path: "/saved-searches/:id",
    words: "Delete a saved search of one's own",
    resource: "saved-search",
    access: allow("saved-search.delete"),
    audit: "saved-search.deleted",
    rate: "write",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await deleteSavedSearch(ctx, id);
      return null;
    },
  });
}

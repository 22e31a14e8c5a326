import type { SearchFilters } from "../../api/types.ts";
import { isKind } from "../kinds.ts";

/** What the address of the search page says. */
export type SearchAddress = { q?: string } & SearchFilters;

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Reads an address, leaving out what makes no sense. */
export function addressOf(search: Record<string, unknown>): SearchAddress {
  const { q, folder, kind, owner, since, until } = search;
  return {
    // A word that is a number stands in the address as one.
    ...(typeof q === "string" && q ? { q } : typeof q === "number" ? { q: String(q) } : {}),
    ...(typeof folder === "string" && folder ? { folder } : {}),
    ...(isKind(kind) ? { kind } : {}),
    ...(owner === "mine" || owner === "others" ? { owner } : {}),
    ...(typeof since === "string" && DATE.test(since) ? { since } : {}),
    ...(typeof until === "string" && DATE.test(until) ? { until } : {}),
  };
}

export function filtersOf({ q: _q, ...filters }: SearchAddress): SearchFilters {
  return filters;
}

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { SearchFilters, SearchHit, SearchResult } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
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

/**
 * Passages that match, best first, 20 at a time. `typing`: the last word may be unfinished. What is asked for next ends
 * what was asked before; until its answer is there, the old one stays.
 */
export function useSearchPages(q: string, filters: SearchFilters, typing: boolean) {
  const session = useSession();
  return useInfiniteQuery({
    queryKey: [session.slug, "search", "pages", q, filters, typing],
    queryFn: ({ pageParam, signal }) =>
      session.call<SearchResult>("GET", "search", {
        query: { q, typing: String(typing), ...filters, cursor: pageParam, limit: 20 },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    enabled: q !== "",
    placeholderData: (old) => old,
    staleTime: 5000,
  });
}

/** The best few, for a page that shows more than what is found in the text. */
export function useBestHits(q: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "search", "best", q],
    queryFn: ({ signal }) =>
      session.call<SearchResult>("GET", "search", { query: { q, typing: "true", limit: 20 }, signal }),
    enabled: q !== "",
    placeholderData: (old) => old,
  });
}

/** A value as it stands once it has not changed for a while. */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export type Group = { document: SearchHit["document"]; nameMarks: number[][]; hits: SearchHit[] };

/** Passages of one document that follow each other, under one name. */
export function groupsOf(hits: SearchHit[]): Group[] {
  const groups: Group[] = [];
  for (const hit of hits) {
    const last = groups.at(-1);
    if (last?.document.id === hit.document.id) last.hits.push(hit);
    else groups.push({ document: hit.document, nameMarks: hit.nameMarks, hits: [hit] });
  }
  return groups;
}

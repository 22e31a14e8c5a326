import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { SearchFilters, SearchResult } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";

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

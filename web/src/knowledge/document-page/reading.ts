import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { List, Outline, Passage, SearchResult } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";

const atOnce = 60;

/** Which text: that of a document as it is now, or of one of its versions. `version` renews it when another takes its place. */
export type TextOf = { path: string; version: number | string };

/**
 * Passages from `begin` on, more of them as they are asked for, in both directions: nobody who opens page 4,000 waits
 * for those before it.
 */
export function useText({ path, version }: TextOf, begin: number) {
  const session = useSession();
  return useInfiniteQuery({
    queryKey: [session.slug, "passages", path, version, "from", begin],
    queryFn: ({ pageParam, signal }) =>
      session.call<List<Passage>>("GET", `${path}/passages`, {
        query: { from: pageParam.from, limit: pageParam.limit },
        signal,
      }),
    initialPageParam: { from: begin, limit: atOnce },
    getNextPageParam: (page) => {
      const last = page.items.at(-1);
      return page.next !== null && last ? { from: last.no + 1, limit: atOnce } : null;
    },
    getPreviousPageParam: (page) => {
      const first = page.items[0];
      if (!first || first.no <= 0 || begin === 0) return null;
      const from = Math.max(0, first.no - atOnce);
      return { from, limit: first.no - from };
    },
    staleTime: 300_000,
  });
}

/** Where pages and headings begin. */
export function useOutline(id: string, version: number) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "outline", id, version],
    queryFn: () => session.call<Outline>("GET", `documents/${id}/outline`),
    staleTime: 300_000,
    retry: false,
  });
}

/** The passages of one document that have these words, at most 200, in the order of the text. */
export function useFound(id: string, version: number, q: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "search", "in", id, version, q],
    queryFn: async ({ signal }) => {
      const hits: SearchResult["items"] = [];
      let total: number | null = null;
      let cursor: string | null = "";
      while (cursor !== null && hits.length < 200) {
        const page: SearchResult = await session.call<SearchResult>("GET", "search", {
          query: { q, document: id, typing: "true", limit: 50, cursor },
          signal,
        });
        hits.push(...page.items);
        total ??= page.total;
        cursor = page.next;
      }
      hits.sort((a, b) => a.passage - b.passage);
      return { hits, total: Math.max(total ?? 0, hits.length), more: cursor !== null };
    },
    enabled: q !== "" && session.can("search.use"),
    placeholderData: (old) => old,
    staleTime: 30_000,
  });
}

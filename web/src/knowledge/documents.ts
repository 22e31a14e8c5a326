import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { followStream } from "../api/stream.ts";
import type { Document, DocumentList, SearchResult } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { names } from "./folders/folders.ts";
import type { Sort, View } from "./list/view.ts";
import { noteDocument } from "./uploads/uploads.ts";

type Pages = InfiniteData<DocumentList>;

/** What of a view a list on the server depends on; stands in the key of its cache. */
type Wanted = Pick<View, "q" | "kind" | "state" | "owner"> & { place: string; sort: Sort };

const atOnce = 200;

function wantedIn({ folder, q, sort = "newest", kind, state, owner, everywhere }: View): Wanted {
  return {
    place: q || everywhere ? "anywhere" : (folder ?? "top"),
    sort,
    ...(q ? { q } : {}),
    ...(kind ? { kind } : {}),
    ...(state ? { state } : {}),
    ...(owner ? { owner } : {}),
  };
}

/**
 * Documents that this person may see, 200 at a time: those of a folder (without one: at the top), or anywhere, in the
 * view's order; with `q` those anywhere whose name has these words.
 */
export function useDocuments(view: View) {
  const session = useSession();
  const wanted = wantedIn(view);
  const { place, sort, ...filters } = wanted;
  return useInfiniteQuery({
    queryKey: [session.slug, "documents", "list", wanted],
    queryFn: ({ pageParam, signal }) =>
      session.call<DocumentList>("GET", "documents", {
        query: {
          ...filters,
          sort,
          folder: place === "anywhere" ? null : place,
          cursor: pageParam,
          limit: atOnce,
        },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    // While one types or sorts, the last rows stay; another folder's documents would not belong here.
    placeholderData: (old, query) => (wantedOf(query?.queryKey)?.place === place ? old : undefined),
  });
}

function wantedOf(key: readonly unknown[] | undefined): Wanted | undefined {
  // The fourth part of the key of a list, which is written above and nowhere else.
  return key?.[3] as Wanted | undefined;
}

export function useDocument(id: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "documents", "one", id],
    queryFn: () => session.call<Document>("GET", `documents/${id}`, { query: { with: "duplicates" } }),
  });
}

export function useSearch(q: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "search", q],
    queryFn: ({ signal }) => session.call<SearchResult>("GET", "search", { query: { q, limit: 20 }, signal }),
    enabled: q.length > 1,
    placeholderData: (old) => old,
  });
}

/** Follows what happens to documents while they are read, and keeps lists and uploads in step. */
export function useDocumentEvents(): void {
  const { slug } = useSession();
  const queries = useQueryClient();
  useEffect(
    () =>
      followStream(slug, "documents/events", {
        background: true,
        onEvent: ({ event, data }) => {
          if (event === "document") keepDocument(queries, slug, data as Document);
          return undefined;
        },
      }),
    [slug, queries],
  );
}

/** Puts a document into every list and page that shows it, and takes it out of those where it no longer belongs. */
export function keepDocument(queries: QueryClient, slug: string, document: Document): void {
  noteDocument(slug, document);
  queries.setQueryData([slug, "documents", "one", document.id], document);
  const lists = queries.getQueriesData<Pages>({ queryKey: [slug, "documents", "list"] });
  for (const [key, data] of lists) {
    const wanted = wantedOf(key);
    if (!data || !wanted) continue;
    const stays = belongs(document, wanted);
    const shown = data.pages.some((page) => page.items.some((old) => old.id === document.id));
    if (shown && stays)
      queries.setQueryData<Pages>(
        key,
        mapPages(data, (items) => items.map((old) => (old.id === document.id ? document : old))),
      );
    else if (shown) queries.setQueryData<Pages>(key, without(data, new Set([document.id])));
    else if (stays && !wanted.q) queries.setQueryData<Pages>(key, withDocument(data, document, wanted.sort));
  }
}

/** Takes documents out of every list, at once: they are moved away or in the bin. */
export function dropDocuments(queries: QueryClient, slug: string, ids: ReadonlySet<string>): void {
  queries.setQueriesData<Pages>({ queryKey: [slug, "documents", "list"] }, (data) =>
    data ? without(data, ids) : data,
  );
}

function belongs(document: Document, { place, kind, state, owner }: Wanted): boolean {
  if (place !== "anywhere" && place !== (document.folder ?? "top")) return false;
  if (kind && kind !== document.kind) return false;
  if (owner && (owner === "mine") !== document.mine) return false;
  const working = document.state !== "ready" && document.state !== "failed";
  return !state || state === (working ? "working" : document.state);
}

const before: Record<Sort, (a: Document, b: Document) => boolean> = {
  newest: (a, b) => a.createdAt >= b.createdAt,
  oldest: (a, b) => a.createdAt < b.createdAt,
  changed: (a, b) => a.updatedAt >= b.updatedAt,
  name: (a, b) => names.compare(a.name, b.name) < 0,
  largest: (a, b) => a.bytes >= b.bytes,
};

/** At its place in the order. What belongs after the last page that is loaded is left for the server to bring. */
function withDocument(data: Pages, document: Document, sort: Sort): Pages {
  for (const [index, page] of data.pages.entries()) {
    const after = page.items.findIndex((old) => before[sort](document, old));
    if (after < 0 && page.next !== null) continue;
    const items = page.items.toSpliced(after < 0 ? page.items.length : after, 0, document);
    return counted({ ...data, pages: data.pages.with(index, { ...page, items }) }, 1);
  }
  return counted(data, 1);
}

function without(data: Pages, ids: ReadonlySet<string>): Pages {
  let gone = 0;
  const left = mapPages(data, (items) => {
    const kept = items.filter(({ id }) => !ids.has(id));
    gone += items.length - kept.length;
    return gone ? kept : items;
  });
  return gone ? counted(left, -gone) : data;
}

function counted(data: Pages, by: number): Pages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, total: Math.max(0, page.total + by) })) };
}

function mapPages(data: Pages, change: (items: Document[]) => Document[]): Pages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) };
}

export function useChangeDocument(id: string) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: { name: string }) =>
      session.call<Document>("PATCH", `documents/${id}`, { body: change }),
    onSuccess: (document) => keepDocument(queries, session.slug, document),
  });
}

export function useRetryDocument(id: string) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => session.call<Document>("POST", `documents/${id}/retry`),
    onSuccess: (document) => keepDocument(queries, session.slug, document),
  });
}

/** Documents that are in another folder now, in every list: gone from where they were, at their new place when it is asked for. */
export function placeDocuments(
  queries: QueryClient,
  slug: string,
  ids: ReadonlySet<string>,
  folder: string | null,
): void {
  for (const [key, data] of queries.getQueriesData<Pages>({ queryKey: [slug, "documents", "list"] })) {
    const wanted = wantedOf(key);
    if (!data || !wanted || wanted.place === (folder ?? "top")) continue;
    const moved =
      wanted.place === "anywhere"
        ? mapPages(data, (items) => items.map((old) => (ids.has(old.id) ? { ...old, folder } : old)))
        : without(data, ids);
    queries.setQueryData<Pages>(key, moved);
  }
  for (const id of ids) void queries.invalidateQueries({ queryKey: [slug, "documents", "one", id] });
  // What is on the screen is right already; what is not is asked for when it is opened.
  void queries.invalidateQueries({ queryKey: [slug, "documents", "list"], refetchType: "none" });
}

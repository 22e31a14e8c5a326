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
import { noteDocument } from "./uploads.ts";

type Pages = InfiniteData<DocumentList>;

/**
 * Documents that this person may see, newest first, 100 at a time: those of a folder (null: at the top), or, with
 * `q`, those anywhere whose name has these words.
 */
export function useDocuments(folder: string | null, q: string) {
  const session = useSession();
  const place = q ? "anywhere" : (folder ?? "top");
  return useInfiniteQuery({
    queryKey: [session.slug, "documents", "list", place, q],
    queryFn: ({ pageParam }) =>
      session.call<DocumentList>("GET", "documents", {
        query: { cursor: pageParam, limit: 100, q, folder: q ? null : place },
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    // While one types, the last names stay; another folder's documents would not belong here.
    placeholderData: (old, query) => (query?.queryKey[3] === place ? old : undefined),
  });
}

export function useDocument(id: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "documents", "one", id],
    queryFn: () => session.call<Document>("GET", `documents/${id}`),
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

/** Puts a document into every list and page that shows it; a new one goes to its place in its folder's list. */
export function keepDocument(queries: QueryClient, slug: string, document: Document): void {
  noteDocument(slug, document);
  queries.setQueryData([slug, "documents", "one", document.id], document);
  const place = document.folder ?? "top";
  const lists = queries.getQueriesData<Pages>({ queryKey: [slug, "documents", "list"] });
  for (const [key, data] of lists) {
    if (!data) continue;
    const stays = key[3] === "anywhere" || key[3] === place;
    if (data.pages.some((page) => page.items.some((old) => old.id === document.id)))
      queries.setQueryData<Pages>(
        key,
        mapPages(data, (items) =>
          items.flatMap((old) => (old.id !== document.id ? [old] : stays ? [document] : [])),
        ),
      );
    else if (key[3] === place && key[4] === "")
      queries.setQueryData<Pages>(key, withDocument(data, document));
  }
}

/** Newest first. What belongs after the last page that is loaded is left for the server to bring. */
function withDocument(data: Pages, document: Document): Pages {
  for (const [index, page] of data.pages.entries()) {
    const older = page.items.findIndex((old) => old.createdAt <= document.createdAt);
    if (older < 0 && page.next !== null) continue;
    const items = page.items.toSpliced(older < 0 ? page.items.length : older, 0, document);
    const pages = data.pages.with(index, { ...page, items });
    return { ...data, pages: pages.map((one) => counted(one, 1)) };
  }
  return data;
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

export function useDeleteDocument(id: string) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => session.call("DELETE", `documents/${id}`),
    onSuccess: () => {
      queries.setQueriesData<Pages>({ queryKey: [session.slug, "documents", "list"] }, (data) =>
        data
          ? {
              ...data,
              pages: data.pages.map((page) => ({
                ...counted(page, -1),
                items: page.items.filter((old) => old.id !== id),
              })),
            }
          : data,
      );
      queries.removeQueries({ queryKey: [session.slug, "documents", "one", id] });
      void queries.invalidateQueries({ queryKey: [session.slug, "search"] });
    },
  });
}

function counted(page: DocumentList, by: 1 | -1): DocumentList {
  return { ...page, total: page.total + by };
}

function mapPages(data: Pages, change: (items: Document[]) => Document[]): Pages {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) };
}

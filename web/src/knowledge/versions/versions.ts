import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { csrfOf, urlOf, withSession } from "../../api/client.ts";
import { apiError, errorFromBody, unreachable } from "../../api/errors.ts";
import type { Comparison, Document, HistoryEntry, List, Version } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { keepDocument } from "../documents.ts";

/** The versions of a document, newest first. Asked for again when the document says that it has others. */
export function useVersions(document: Document) {
  const session = useSession();
  return useQuery({
    queryKey: [
      session.slug,
      "versions",
      document.id,
      document.version,
      document.versions,
      document.newer?.state ?? null,
    ],
    queryFn: () => session.call<{ items: Version[] }>("GET", `documents/${document.id}/versions`),
    enabled: session.can("document.versions"),
    placeholderData: (old) => old,
  });
}

/** What one version has and the other has not, line by line; the server says which of them is the older. */
export function useComparison(older: string, newer: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "comparison", older, newer],
    queryFn: ({ signal }) =>
      session.call<Comparison>("GET", `versions/${newer}/compare`, { query: { with: older }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useHistory(id: string) {
  const session = useSession();
  return useInfiniteQuery({
    queryKey: [session.slug, "history", id],
    queryFn: ({ pageParam }) =>
      session.call<List<HistoryEntry>>("GET", `documents/${id}/history`, {
        query: { cursor: pageParam, limit: 50 },
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  });
}

/** Makes an old version the newest again, as a version of its own: nothing is lost by it. */
export function useRestoreVersion() {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (version: Version) => session.call<Document>("POST", `versions/${version.id}/restore`),
    onSuccess: (document) => {
      keepDocument(queries, session.slug, document);
      return queries.invalidateQueries({ queryKey: [session.slug, "versions", document.id] });
    },
  });
}

/** Sends a file as the newest version of a document. `onShare` gets the share that has left this machine. */
export function useAddVersion(id: string, onShare: (share: number) => void) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => withSession(session.slug, () => send(session.slug, id, file, onShare)),
    onSuccess: (document) => {
      keepDocument(queries, session.slug, document);
      return queries.invalidateQueries({ queryKey: [session.slug, "versions", id] });
    },
  });
}

/** XMLHttpRequest, because fetch does not tell how much of a body has been sent. */
function send(slug: string, id: string, file: File, onShare: (share: number) => void): Promise<Document> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", urlOf(slug, `documents/${id}/versions`));
    request.setRequestHeader("x-csrf-token", csrfOf(slug) ?? "");
    request.responseType = "json";
    request.upload.onprogress = (event) => onShare(event.total ? event.loaded / event.total : 0);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(apiError("cancelled", "The upload was stopped."));
    request.onload = () => {
      const wait = Number(request.getResponseHeader("retry-after")) || null;
      if (request.status < 300) resolve(request.response as Document);
      else reject(errorFromBody(request.status, request.response, wait));
    };
    request.send(form);
  });
}

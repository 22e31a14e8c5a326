import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { FolderPaths, List, Unfinished } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { keepDocument } from "../documents.ts";
import type { Dropped } from "./dropped.ts";
import { addFiles, knownUploads, type NewFile, type Target } from "./uploads.ts";

const pathsInOneCall = 500;

/** Uploads that were begun and not finished, perhaps before this page was loaded. */
export function useUnfinished() {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "uploads"],
    queryFn: () => session.call<List<Unfinished>>("GET", "uploads"),
    enabled: session.can("document.upload"),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Ways to add files: those that were dropped or chosen, with the folders that they lay in. */
export function useAdding() {
  const session = useSession();
  const queries = useQueryClient();
  const { slug } = session;
  return useMemo(() => {
    const send = (files: NewFile[]) => {
      // The same file once more, by name and size: it goes on where the earlier upload ended.
      const left = queries.getQueryData<List<Unfinished>>([slug, "uploads"])?.items ?? [];
      const known = knownUploads();
      const free = left.filter(({ id }) => !known.has(id));
      const resumed = files.map((one) => {
        const at = free.findIndex((upload) => isOf(upload, one.file) && goesTo(upload, one.target));
        const [found] = at < 0 ? [] : free.splice(at, 1);
        return found && !one.uploadId ? { ...one, uploadId: found.id } : one;
      });
      addFiles(slug, resumed, (document) => {
        keepDocument(queries, slug, document);
        void queries.invalidateQueries({ queryKey: [slug, "storage"] });
        void queries.invalidateQueries({ queryKey: [slug, "search"], refetchType: "none" });
      });
    };
    const addDropped = async ({ files, folders, leftOut }: Dropped, to: string | null) => {
      try {
        const ids = new Map<string, string | null>([["", to]]);
        for (let from = 0; from < folders.length; from += pathsInOneCall) {
          const { items } = await session.call<FolderPaths>("POST", "folders/paths", {
            body: { parent: to, paths: folders.slice(from, from + pathsInOneCall) },
          });
          for (const { path, id } of items) ids.set(path, id);
        }
        if (folders.length) void queries.invalidateQueries({ queryKey: [slug, "folders"] });
        send(files.map(({ file, path }) => ({ file, target: { folder: ids.get(path) ?? to } })));
        if (leftOut) say(`${plural(leftOut, "hidden file")} of the system left out.`);
        if (!files.length && !leftOut)
          say(folders.length ? "The folders are made; there is no file in them." : "There is no file in it.");
      } catch (error) {
        say(wordsOf(error));
      }
    };
    return { send, addDropped };
  }, [session, queries, slug]);
}

export const isOf = (upload: Unfinished, file: File): boolean =>
  upload.name === file.name && upload.bytes === file.size;

function goesTo(upload: Unfinished, { folder, document }: Target): boolean {
  return document ? upload.document === document : !upload.document && upload.folder === folder;
}

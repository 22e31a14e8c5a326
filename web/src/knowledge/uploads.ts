import { useSyncExternalStore } from "react";
import { isApiError } from "../api/errors.ts";
import type { Document } from "../api/types.ts";
import { uploadFile } from "../api/upload.ts";

export type Upload = {
  key: number;
  name: string;
  state: "waiting" | "sending" | "reading" | "ready" | "failed";
  /** Share that has left this machine, 0 to 1. */
  sent: number;
  documentId: string | null;
  problem: string | null;
};

const atOnce = 3;
const none: Upload[] = [];
const batches = new Map<string, Upload[]>();
const listeners = new Set<() => void>();
let lastKey = 0;

/** The uploads of a tenant since the panel was last cleared. They go on while other pages are open. */
export function useUploads(slug: string): Upload[] {
  return useSyncExternalStore(subscribe, () => batches.get(slug) ?? none);
}

/** Sends files into a folder (null: the top), three at a time; `onDocument` gets each document that was accepted. */
export async function addFiles(
  slug: string,
  files: File[],
  folder: string | null,
  onDocument: (document: Document) => void,
): Promise<void> {
  const queue = files.map((file) => {
    lastKey += 1;
    const upload: Upload = {
      key: lastKey,
      name: file.name,
      state: "waiting",
      sent: 0,
      documentId: null,
      problem: null,
    };
    return { file, upload };
  });
  set(slug, [...(batches.get(slug) ?? []), ...queue.map(({ upload }) => upload)]);
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift())
      await sendOne(slug, next.file, folder, next.upload.key, onDocument);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export function clearUploads(slug: string): void {
  set(
    slug,
    (batches.get(slug) ?? []).filter((upload) => upload.state !== "ready" && upload.state !== "failed"),
  );
}

/** Tells the uploads what has become of a document. */
export function noteDocument(slug: string, document: Document): void {
  const batch = batches.get(slug);
  if (!batch?.some((upload) => upload.documentId === document.id)) return;
  set(
    slug,
    batch.map((upload) =>
      upload.documentId === document.id ? { ...upload, ...stateFrom(document) } : upload,
    ),
  );
}

async function sendOne(
  slug: string,
  file: File,
  folder: string | null,
  key: number,
  onDocument: (document: Document) => void,
): Promise<void> {
  change(slug, key, { state: "sending" });
  try {
    const { items, refused } = await uploadFile(slug, file, folder, (sent) => change(slug, key, { sent }));
    const document = items[0];
    if (document) {
      change(slug, key, { sent: 1, documentId: document.id, ...stateFrom(document) });
      onDocument(document);
    } else {
      change(slug, key, {
        state: "failed",
        problem: refused[0]?.message ?? "The server did not take this file.",
      });
    }
  } catch (error) {
    change(slug, key, {
      state: "failed",
      problem: isApiError(error) ? error.message : "The file could not be read.",
    });
  }
}

function stateFrom(document: Document): Pick<Upload, "state" | "problem"> {
  if (document.state === "ready") return { state: "ready", problem: null };
  if (document.state === "failed") return { state: "failed", problem: document.problem?.message ?? null };
  return { state: "reading", problem: null };
}

function change(slug: string, key: number, with_: Partial<Upload>): void {
  set(
    slug,
    (batches.get(slug) ?? []).map((upload) => (upload.key === key ? { ...upload, ...with_ } : upload)),
  );
}

function set(slug: string, batch: Upload[]): void {
  batches.set(slug, batch);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

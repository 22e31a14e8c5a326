import { useSyncExternalStore } from "react";
import type { Document } from "../../api/types.ts";
import { isPassing, type Sending, sendFile, stopped, waitToRetry, whyNot } from "./sending.ts";

// The uploads of every workspace that is open in this tab. They go on while other pages are open; over 250 lines
// because the queue and what can be done to it are one thing.

export type UploadState = "waiting" | "sending" | "paused" | "held" | "reading" | "ready" | "failed";

export type Upload = {
  key: number;
  name: string;
  bytes: number;
  state: UploadState;
  /** Bytes that have left this machine. */
  sent: number;
  documentId: string | null;
  /** Why it failed, or (`held`) what it waits for. */
  problem: string | null;
  /** False where trying again would be refused again. */
  mayRetry: boolean;
  /** Documents with the same bytes that were here before. */
  duplicates: { id: string; name: string }[];
};

/** Where files go: into a folder (null: the top), or to a document as its new version. */
export type Target = { folder: string | null; document?: string };

const atOnce = 3;
const none: Upload[] = [];
const batches = new Map<string, Map<number, Upload>>();
const shown = new Map<string, Upload[]>();
const sendings = new Map<number, Sending>();
const byDocument = new Map<string, number>();
const listeners = new Set<() => void>();
let lastKey = 0;

/** The uploads of a tenant since the panel was last cleared. */
export function useUploads(slug: string): Upload[] {
  return useSyncExternalStore(subscribe, () => shown.get(slug) ?? none);
}

export type NewFile = {
  file: File;
  target: Target;
  /** An upload that was begun before, to go on with. */
  uploadId?: string;
};

/** Sends files, three at a time; `onDocument` gets each document that was accepted. */
export function addFiles(slug: string, files: NewFile[], onDocument: (document: Document) => void): void {
  const batch = batchOf(slug);
  for (const { file, target, uploadId = null } of files) {
    const key = ++lastKey;
    const { name, size: bytes } = file;
    batch.set(key, {
      key,
      name,
      bytes,
      state: "waiting",
      sent: 0,
      documentId: null,
      problem: null,
      mayRetry: true,
      duplicates: [],
    });
    sendings.set(key, { slug, file, target, uploadId, abort: null, onDocument });
  }
  tell(slug);
  pump(slug);
}

/** Ids of the uploads in pieces that this page knows already. */
export function knownUploads(): ReadonlySet<string> {
  return new Set([...sendings.values()].flatMap(({ uploadId }) => (uploadId ? [uploadId] : [])));
}

export function pauseUpload(slug: string, key: number): void {
  const upload = batchOf(slug).get(key);
  if (!upload || !["waiting", "sending", "held"].includes(upload.state)) return;
  change(slug, key, { state: "paused", problem: null });
  sendings.get(key)?.abort?.abort();
  pump(slug);
}

/** Goes on with what is paused, or tries again what has failed. */
export function resumeUpload(slug: string, key: number): void {
  const upload = batchOf(slug).get(key);
  if (!upload || !["paused", "failed"].includes(upload.state)) return;
  change(slug, key, { state: "waiting", problem: null });
  pump(slug);
}

/** Stops it and forgets it, here and on the server. */
export function cancelUpload(slug: string, key: number): void {
  const sending = sendings.get(key);
  batchOf(slug).delete(key);
  sendings.delete(key);
  sending?.abort?.abort();
  if (sending) stopped(sending);
  tell(slug);
  pump(slug);
}

export function keepBoth(slug: string, key: number): void {
  change(slug, key, { duplicates: [] });
}

/** Forgets what is done and what has failed. */
export function clearUploads(slug: string): void {
  const batch = batchOf(slug);
  for (const { key, state, documentId } of batch.values()) {
    if (state !== "ready" && state !== "failed") continue;
    batch.delete(key);
    sendings.delete(key);
    if (documentId) byDocument.delete(documentId);
  }
  untold.add(slug);
  tellNow();
}

/** Tells the uploads what has become of a document. */
export function noteDocument(slug: string, document: Document): void {
  const key = byDocument.get(document.id);
  if (key !== undefined && batchOf(slug).has(key)) change(slug, key, stateFrom(document));
}

/** The document of an upload is gone again: so is its line. */
export function forgetDocument(slug: string, id: string): void {
  const key = byDocument.get(id);
  if (key === undefined) return;
  byDocument.delete(id);
  batchOf(slug).delete(key);
  sendings.delete(key);
  tell(slug);
}

export const isUnsent = ({ state }: Upload): boolean =>
  state === "waiting" || state === "sending" || state === "paused" || state === "held";

function pump(slug: string): void {
  const all = [...batchOf(slug).values()];
  let free = atOnce - all.filter(({ state }) => state === "sending" || state === "held").length;
  for (const { key, state } of all) {
    if (free <= 0) return;
    if (state !== "waiting") continue;
    free -= 1;
    change(slug, key, { state: "sending" });
    void run(slug, key).finally(() => pump(slug));
  }
}

async function run(slug: string, key: number): Promise<void> {
  const sending = sendings.get(key);
  if (!sending) return;
  const abort = new AbortController();
  sending.abort = abort;
  let reached = 0;
  for (let failures = 0; ; ) {
    try {
      change(slug, key, { state: "sending", problem: null });
      const document = await sendFile(sending, (sent) => change(slug, key, { sent }), abort.signal);
      byDocument.set(document.id, key);
      change(slug, key, {
        ...stateFrom(document),
        sent: sending.file.size,
        documentId: document.id,
        duplicates: document.duplicates,
      });
      sending.onDocument(document);
      return;
    } catch (error) {
      // Whoever stopped it has said what it is now.
      if (abort.signal.aborted) return;
      const sent = batchOf(slug).get(key)?.sent ?? 0;
      failures = sent > reached ? 1 : failures + 1;
      reached = Math.max(reached, sent);
      const held = await isPassing(error, sending, failures);
      if (abort.signal.aborted) return;
      if (!held) {
        change(slug, key, { state: "failed", ...whyNot(error) });
        return;
      }
      change(slug, key, { state: "held", problem: held });
      await waitToRetry(failures, error, abort.signal);
      if (abort.signal.aborted) return;
    }
  }
}

function stateFrom(document: Document): Pick<Upload, "state" | "problem" | "mayRetry"> {
  if (document.state === "ready") return { state: "ready", problem: null, mayRetry: false };
  // The file is here: what can be tried again is the reading, at the document itself.
  if (document.state === "failed")
    return { state: "failed", problem: document.problem?.message ?? null, mayRetry: false };
  return { state: "reading", problem: null, mayRetry: false };
}

function change(slug: string, key: number, with_: Partial<Upload>): void {
  const batch = batchOf(slug);
  const old = batch.get(key);
  if (!old) return;
  batch.set(key, { ...old, ...with_ });
  tell(slug);
}

function batchOf(slug: string): Map<number, Upload> {
  const batch = batches.get(slug) ?? new Map<number, Upload>();
  batches.set(slug, batch);
  return batch;
}

const untold = new Set<string>();

// Of 3,000 files each tells its progress: the page is drawn ten times a second at most.
function tell(slug: string): void {
  if (untold.size === 0) setTimeout(tellNow, shown.has(slug) ? 100 : 0);
  untold.add(slug);
}

function tellNow(): void {
  for (const slug of untold) shown.set(slug, [...batchOf(slug).values()]);
  untold.clear();
  const unsent = [...shown.values()].some((uploads) => uploads.some(isUnsent));
  // Asked for only while there is something to lose: the listener keeps pages from being kept for going back.
  if (unsent) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
  for (const listener of listeners) listener();
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

import { call } from "../../api/client.ts";
import { apiError, isApiError } from "../../api/errors.ts";
import type { Document, DocumentList, Storage, Unfinished, Uploaded } from "../../api/types.ts";
import { sendForm } from "../../api/upload.ts";
import { plural } from "../../ui/time.tsx";
import type { Target } from "./uploads.ts";

export type Sending = {
  slug: string;
  file: File;
  target: Target;
  /** Of an upload in pieces, as soon as it is begun. */
  uploadId: string | null;
  /** All of it had arrived, and the server was asked to make the document. */
  finishing?: boolean;
  abort: AbortController | null;
  onDocument: (document: Document) => void;
};

/** Smaller ones go in one request: there would be little to resume. */
const inOnePiece = 4_000_000;
const longestPause = 30_000;

/**
 * Sends a file and answers the document that it became; goes on where an earlier try has ended. `onSent` gets the bytes
 * that have left this machine. Throws ApiError.
 */
export function sendFile(
  sending: Sending,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Document> {
  const whole = sending.file.size < inOnePiece && !sending.uploadId;
  return whole ? sendWhole(sending, onSent, signal) : sendPieces(sending, onSent, signal);
}

async function sendWhole(
  { slug, file, target }: Sending,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Document> {
  const body = await contentOf(file);
  if (target.document)
    return sendForm<Document>(
      slug,
      `documents/${target.document}/versions`,
      { fields: {}, file: body, name: file.name },
      onSent,
      signal,
    );
  const { items, refused } = await sendForm<Uploaded>(
    slug,
    "documents",
    { fields: target.folder ? { folder: target.folder } : {}, file: body, name: file.name },
    onSent,
    signal,
  );
  const [document] = items;
  if (document) return document;
  const [refusal] = refused;
  throw apiError(refusal?.code ?? "unexpected", refusal?.message ?? "The server did not take this file.", {
    status: refusal?.code === "unavailable" ? 503 : 422,
  });
}

async function sendPieces(
  sending: Sending,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Document> {
  const { slug, file } = sending;
  const earlier = await begun(sending);
  if (!earlier && sending.finishing) {
    const made = await madeOf(sending);
    if (made) return made;
  }
  let upload = earlier ?? (await begin(sending));
  sending.finishing = false;
  sending.uploadId = upload.id;
  onSent(upload.offset);
  for (let disagreed = 0; upload.offset < file.size; ) {
    if (signal.aborted) throw apiError("cancelled", "The upload was stopped.");
    const { offset } = upload;
    const piece = await contentOf(file.slice(offset, offset + upload.pieceBytes));
    try {
      upload = await sendForm<Unfinished>(
        slug,
        `uploads/${upload.id}/pieces`,
        { fields: { offset: String(offset) }, file: piece, name: file.name },
        (bytes) => onSent(offset + bytes),
        signal,
      );
    } catch (error) {
      // A piece whose answer was lost has arrived all the same: the server knows how far it is.
      if (!isApiError(error) || error.code !== "wrong_offset" || ++disagreed > 3) throw error;
      upload = await call<Unfinished>(slug, "GET", `uploads/${upload.id}`);
    }
    onSent(upload.offset);
  }
  sending.finishing = true;
  return call<Document>(slug, "POST", `uploads/${upload.id}/finish`);
}

/** The document, where only the answer to the last request was lost: the upload is gone since it has become this. */
async function madeOf({ slug, file, target }: Sending): Promise<Document | null> {
  if (target.document)
    return call<Document>(slug, "GET", `documents/${target.document}`, { query: { with: "duplicates" } });
  const { items } = await call<DocumentList>(slug, "GET", "documents", {
    query: { q: file.name, folder: target.folder ?? "top", owner: "mine", sort: "newest", limit: 5 },
  });
  return items.find(({ name, bytes }) => name === file.name && bytes === file.size) ?? null;
}

/** The upload that was begun before, if the server still has it. */
async function begun({ slug, uploadId }: Sending): Promise<Unfinished | null> {
  if (!uploadId) return null;
  try {
    return await call<Unfinished>(slug, "GET", `uploads/${uploadId}`);
  } catch (error) {
    if (isApiError(error) && error.status === 404) return null;
    throw error;
  }
}

function begin({ slug, file, target }: Sending): Promise<Unfinished> {
  const { folder, document } = target;
  return call<Unfinished>(slug, "POST", "uploads", {
    body: { name: file.name, bytes: file.size, folder, ...(document ? { document } : {}) },
  });
}

/** Read here and not by the request, so that a file that has gone is told from a connection that has. */
async function contentOf(file: Blob): Promise<Blob> {
  try {
    return new Blob([await file.arrayBuffer()], { type: file.type });
  } catch {
    throw apiError(
      "file_gone",
      "The file was moved or changed on this computer while it was being sent. Add it again.",
    );
  }
}

/** Gives up what has arrived. It would end by itself after a day: whether this reaches the server does not matter. */
export function stopped({ slug, uploadId }: Sending): void {
  if (uploadId) void call(slug, "DELETE", `uploads/${uploadId}`).catch(() => undefined);
}

/** What a file that could not be sent waits for, if waiting helps; null when it does not. */
export async function isPassing(error: unknown, { slug }: Sending, failures: number): Promise<string | null> {
  if (!isApiError(error)) return null;
  if (error.code === "unreachable")
    return navigator.onLine
      ? "The connection was lost. It goes on by itself."
      : "Offline. It goes on by itself.";
  if (error.status === 429) return "The server asks to wait a moment.";
  if (error.code === "quota") {
    // Of three quotas one passes: so many documents wait to be read.
    const waiting = await call<Storage>(slug, "GET", "storage", { background: true }).then(
      (storage) => storage.waiting,
      () => null,
    );
    if (waiting && waiting.used >= waiting.most - 3)
      return `${plural(waiting.used, "document")} are being read first. It goes on by itself.`;
    return null;
  }
  return error.status >= 500 && error.status !== 507 && failures < 8
    ? "The server is busy. It goes on by itself."
    : null;
}

/** Why a file was not taken, and whether it may be tried once more. */
export function whyNot(error: unknown): { problem: string; mayRetry: boolean } {
  if (!isApiError(error)) return { problem: "The file could not be read on this computer.", mayRetry: true };
  const forGood = ["unsupported_format", "too_large", "empty", "invalid_input", "file_gone"].includes(
    error.code,
  );
  return { problem: Object.values(error.fields).join(" ") || error.message, mayRetry: !forGood };
}

/** 1 s, 2 s, 4 s … at most 30; at once when the connection is back, or when the signal aborts. */
export function waitToRetry(failures: number, error: unknown, signal: AbortSignal): Promise<void> {
  const asked = isApiError(error) ? (error.retryAfter ?? 0) * 1000 : 0;
  const pause = Math.max(asked, Math.min(longestPause, 500 * 2 ** Math.min(failures, 8)));
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, pause);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

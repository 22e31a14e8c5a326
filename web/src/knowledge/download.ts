import { urlOf } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { Document } from "../api/types.ts";
import type { Session } from "../identity/session.tsx";
import { say } from "../ui/toast.tsx";

/**
 * Saves a document's original. The document is asked for first, so that a lapsed session is renewed and a refusal
 * is said here; then the browser fetches the file itself, of any size, as an attachment.
 */
export async function downloadOriginal(session: Session, document: Document): Promise<void> {
  try {
    await session.call("GET", `documents/${document.id}`);
  } catch (error) {
    say(isApiError(error) ? error.message : "The file could not be downloaded. Try again.");
    return;
  }
  const link = window.document.createElement("a");
  link.href = urlOf(session.slug, `documents/${document.id}/original`);
  link.download = document.name;
  link.click();
}

import { csrfOf, urlOf, withSession } from "./client.ts";
import { apiError, errorFromBody, unreachable } from "./errors.ts";
import type { Uploaded } from "./types.ts";

/**
 * Sends one file to a tenant's documents, into a folder or to the top. `onProgress` gets the share that has left this machine (0 to 1).
 * XMLHttpRequest, because fetch does not tell how much of a body has been sent. Throws ApiError.
 */
export function uploadFile(
  slug: string,
  file: File,
  folder: string | null,
  onProgress: (share: number) => void,
): Promise<Uploaded> {
  return withSession(slug, () => attempt(slug, file, folder, onProgress));
}

function attempt(
  slug: string,
  file: File,
  folder: string | null,
  onProgress: (share: number) => void,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    // Before the file: the server reads the form as it comes.
    if (folder) form.append("folder", folder);
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", urlOf(slug, "documents"));
    request.setRequestHeader("x-csrf-token", csrfOf(slug) ?? "");
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(apiError("cancelled", "The upload was stopped."));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as Uploaded);
      else
        reject(
          errorFromBody(
            request.status,
            request.response,
            Number(request.getResponseHeader("retry-after")) || null,
          ),
        );
    };
    request.send(form);
  });
}

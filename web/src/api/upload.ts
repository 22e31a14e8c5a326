import { csrfOf, urlOf, withSession } from "./client.ts";
import { apiError, errorFromBody, unreachable } from "./errors.ts";

/**
 * Sends a form with a file to a route of a tenant. `onProgress` gets the bytes that have left this machine; aborting
 * the signal throws `cancelled`. XMLHttpRequest, because fetch does not tell how much of a body has been sent. Throws
 * ApiError. Fields stand before the file: the server reads the form as it comes.
 */
export function sendForm<Output>(
  slug: string,
  path: string,
  form: { fields: Record<string, string>; file: Blob; name: string },
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Output> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", form.file, form.name);
  return withSession(slug, () => attempt<Output>(slug, path, body, form.file.size, onProgress, signal), path);
}

function attempt<Output>(
  slug: string,
  path: string,
  body: FormData,
  bytes: number,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(apiError("cancelled", "The upload was stopped."));
    if (signal.aborted) return stopped();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.onloadend = () => signal.removeEventListener("abort", abort);
    request.open("POST", urlOf(slug, path));
    request.setRequestHeader("x-csrf-token", csrfOf(slug) ?? "");
    request.responseType = "json";
    // The form is a little longer than its file.
    request.upload.onprogress = ({ loaded, total }) =>
      onProgress(total ? Math.min(bytes, Math.round((loaded / total) * bytes)) : 0);
    request.onerror = () => reject(unreachable());
    request.onabort = stopped;
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response as Output);
      else
        reject(
          errorFromBody(
            request.status,
            request.response,
            Number(request.getResponseHeader("retry-after")) || null,
          ),
        );
    };
    request.send(body);
  });
}

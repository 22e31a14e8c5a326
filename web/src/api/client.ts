import { type ApiError, apiError, errorFrom, isApiError, unreachable } from "./errors.ts";
import type { SessionView } from "./types.ts";

export type CallOptions = {
  body?: unknown;
  query?: Record<string, string | number | null | undefined>;
  headers?: Record<string, string>;
  /** True for polling: the call does not count as a person's doing and leaves the idle time alone. */
  background?: boolean;
  signal?: AbortSignal | undefined;
};

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A call to a global route, for example `callGlobal("GET", "installation")`. Throws ApiError. */
export async function callGlobal<Output>(
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<Output> {
  return bodyOf<Output>(await send(`/api/${path}`, method, options, null));
}

/**
 * A call to a route of one tenant. Carries the CSRF proof; when the access token has lapsed, renews it once
 * (one renewal at a time for all callers) and repeats. Throws ApiError; `signed_out` also reaches `onSignedOut`.
 */
export async function call<Output>(
  slug: string,
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<Output> {
  const attempt = async () => bodyOf<Output>(await send(urlOf(slug, path), method, options, slug));
  return withSession(slug, attempt, path);
}

/**
 * Runs `attempt`; when the access token has lapsed or the CSRF proof is another tab's, renews what is missing and
 * runs it once more. Where the server asks for a fresh second factor, asks the person for it and runs it once more.
 * For streams and uploads too.
 */
export async function withSession<Output>(
  slug: string,
  attempt: () => Promise<Output>,
  path = "",
): Promise<Output> {
  try {
    return await withTokens(slug, attempt);
  } catch (error) {
    if (!isApiError(error) || error.code !== "step_up_required" || !stepUp) throw error;
    await stepUp(slug, path);
    return withTokens(slug, attempt);
  }
}

/** A file that a route of a tenant sends, with the name that it should have. */
export async function fileOf(
  slug: string,
  path: string,
  query: Record<string, string>,
): Promise<{ blob: Blob; name: string }> {
  return withSession(
    slug,
    async () => {
      const response = await send(urlOf(slug, path), "GET", { query }, slug);
      const [, name = "file"] =
        /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("content-disposition") ?? "") ?? [];
      return { blob: await response.blob(), name: decodeURIComponent(name) };
    },
    path,
  );
}

async function withTokens<Output>(slug: string, attempt: () => Promise<Output>): Promise<Output> {
  let refused: ApiError;
  try {
    return await attempt();
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (error.code === "signed_out") return endSession(slug, error);
    if (error.code === "forbidden" || error.code === "factor_required")
      for (const listener of forbidden) listener(slug);
    if (!["session_expired", "not_signed_in", "csrf"].includes(error.code)) throw error;
    refused = error;
  }
  try {
    if (refused.code === "csrf") await renewProof(slug);
    else await renewSession(slug);
    return await attempt();
  } catch (error) {
    if (isApiError(error) && error.status === 401) return endSession(slug, error);
    throw error;
  }
}

async function renewProof(slug: string): Promise<void> {
  const response = await send(urlOf(slug, "session"), "GET", { background: true }, slug);
  rememberSession(await bodyOf<SessionView>(response));
}

export function urlOf(slug: string, path: string): string {
  return `/api/t/${encodeURIComponent(slug)}/${path}`;
}

const proofs = new Map<string, string>();

/** Keeps the CSRF proof that a SessionView carries. */
export function rememberSession(view: SessionView): SessionView {
  proofs.set(view.tenant.slug, view.csrf);
  return view;
}

export function csrfOf(slug: string): string | undefined {
  return proofs.get(slug);
}

const renewals = new Map<string, Promise<SessionView>>();

function renewSession(slug: string): Promise<SessionView> {
  const running = renewals.get(slug);
  if (running) return running;
  const renewal = send(urlOf(slug, "session/refresh"), "POST", { body: {} }, slug)
    .then((response) => bodyOf<SessionView>(response))
    .then(rememberSession)
    .finally(() => renewals.delete(slug));
  renewals.set(slug, renewal);
  return renewal;
}

const listeners = new Set<(slug: string) => void>();

/** Calls `listener` when a tenant's session has ended; returns the way to stop. */
export function onSignedOut(listener: (slug: string) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const forbidden = new Set<(slug: string) => void>();

/**
 * Calls `listener` when the server refused what a role does not include, or what waits for a second factor: the
 * session is not what the page took it for. Returns the way to stop.
 */
export function onForbidden(listener: (slug: string) => void): () => void {
  forbidden.add(listener);
  return () => forbidden.delete(listener);
}

type Ask = (slug: string, path: string) => Promise<void>;

let stepUp: Ask | null = null;

/**
 * Who asks the person for their second factor, for the call to `path`: `ask` resolves once it is proved and rejects with
 * an ApiError when the person would rather not. Returns the way to stop.
 */
export function onStepUp(ask: Ask): () => void {
  stepUp = ask;
  return () => {
    if (stepUp === ask) stepUp = null;
  };
}

function endSession(slug: string, error: ApiError): never {
  proofs.delete(slug);
  for (const listener of listeners) listener(slug);
  throw apiError("signed_out", error.message, { status: 401, requestId: error.requestId });
}

async function send(
  path: string,
  method: Method,
  options: CallOptions,
  slug: string | null,
): Promise<Response> {
  const headers = new Headers({ accept: "application/json", ...options.headers });
  if (options.background) headers.set("x-background", "1");
  if (method !== "GET" && slug) headers.set("x-csrf-token", proofs.get(slug) ?? "");
  // Every change but a deletion has a body, so that the type of its content proves that no plain form sent it.
  const hasBody = method !== "GET" && method !== "DELETE";
  if (hasBody) headers.set("content-type", "application/json");
  const response = await fetch(withQuery(path, options.query), {
    method,
    headers,
    credentials: "same-origin",
    ...(hasBody ? { body: JSON.stringify(options.body ?? {}) } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  }).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause;
    throw unreachable();
  });
  if (!response.ok) throw await errorFrom(response);
  return response;
}

function withQuery(path: string, query: CallOptions["query"]): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

async function bodyOf<Output>(response: Response): Promise<Output> {
  if (response.status === 204 || response.headers.get("content-length") === "0") return undefined as Output;
  const text = await response.text();
  if (!text) return undefined as Output;
  try {
    return JSON.parse(text) as Output;
  } catch {
    throw apiError(
      "unexpected",
      "The server gave an answer that this page does not understand. Try again in a moment.",
      {
        status: response.status,
      },
    );
  }
}

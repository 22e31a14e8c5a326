/**
 * What any call to the server can throw. `code` is the server's closed code, or one of two of our own:
 * `unreachable` (no answer at all) and `unexpected` (an answer that is not ours, from a proxy for example).
 */
export type ApiError = Error & {
  code: string;
  status: number;
  requestId: string | null;
  /** Message per input path, for forms. */
  fields: Record<string, string>;
  /** Seconds to wait, from Retry-After. */
  retryAfter: number | null;
};

/** Makes an ApiError; `message` says what to do, in plain words. */
export function apiError(
  code: string,
  message: string,
  more: {
    status?: number;
    requestId?: string | null;
    fields?: Record<string, string>;
    retryAfter?: number | null;
  } = {},
): ApiError {
  return Object.assign(new Error(message), {
    code,
    status: more.status ?? 0,
    requestId: more.requestId ?? null,
    fields: more.fields ?? {},
    retryAfter: more.retryAfter ?? null,
  });
}

export function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && "code" in error && "fields" in error;
}

/** Reads the error that a response carries; never throws. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(wait) && wait > 0 ? Math.ceil(wait) : null;
  const body: unknown = await response.json().catch(() => null);
  return errorFromBody(response.status, body, retryAfter);
}

/** The same for a body that has been read already (uploads). */
export function errorFromBody(status: number, body: unknown, retryAfter: number | null): ApiError {
  const error = isRecord(body) && isRecord(body.error) ? body.error : null;
  if (!error || typeof error.code !== "string") {
    return apiError(
      "unexpected",
      "The server gave an answer that this page does not understand. Try again in a moment.",
      {
        status,
        retryAfter,
      },
    );
  }
  const fields = isRecord(error.fields) ? (error.fields as Record<string, string>) : {};
  return apiError(
    error.code,
    typeof error.message === "string" ? error.message : "The server refused this.",
    {
      status,
      requestId: typeof error.requestId === "string" ? error.requestId : null,
      fields,
      retryAfter,
    },
  );
}

export function unreachable(): ApiError {
  return apiError("unreachable", "The server cannot be reached. Check your connection, then try again.");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

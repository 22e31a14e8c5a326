import type { FastifyReply, FastifyRequest } from "fastify";
import { isConnectionError } from "../database/connection-error.ts";
import { type AppError, appError, isAppError } from "../errors.ts";

/** How many files one request may bring. */
export const FILES_AT_ONCE = 100;

/** The one shape of every error. Answers in JSON whatever went wrong, and shows nothing of the inside. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = isAppError(error) ? error : fromFramework(error, request);
  const level = known.status >= 500 ? "error" : "info";
  request.log[level](
    {
      err: known.status >= 500 ? (isAppError(error) ? (error.cause ?? error) : error) : undefined,
      code: known.code,
    },
    "refused",
  );
  if (known.retryAfter !== undefined) void reply.header("retry-after", known.retryAfter);
  return reply
    .code(known.status)
    .header("cache-control", "no-store")
    .type("application/json; charset=utf-8")
    .serializer(JSON.stringify)
    .send({
      error: {
        code: known.code,
        message: known.message,
        requestId: request.id,
        ...(known.fields ? { fields: known.fields } : {}),
      },
    });
}

function fromFramework(error: unknown, request: FastifyRequest): AppError {
  // From the few statements that stand outside of a unit of work: before a tenant is known.
  if (isConnectionError(error)) return appError("unavailable", { cause: error, retryAfter: 2 });
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE" || code === "FST_REQ_FILE_TOO_LARGE")
    return appError("too_large", { cause: error });
  if (code === "FST_PARTS_LIMIT" || code === "FST_FILES_LIMIT" || code === "FST_FIELDS_LIMIT") {
    return appError("bad_request", { message: `Send at most ${FILES_AT_ONCE} files at once.`, cause: error });
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" || code === "FST_INVALID_MULTIPART_CONTENT_TYPE")
    return appError("unsupported_type", { cause: error });
  // The parser of forms has no codes of its own.
  if (
    /^(Unexpected end of|Part terminated early|Malformed|Multipart: Boundary|Missing|Invalid) ?/.test(
      (error as Error).message,
    ) &&
    "isMultipart" in request &&
    request.isMultipart()
  ) {
    return appError("bad_request", {
      message: "The form with the files could not be read to its end.",
      cause: error,
    });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return appError("bad_request", { cause: error });
  return appError("internal", { cause: error });
}

import { pipeline, Readable } from "node:stream";
import cookie from "@fastify/cookie";
import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { noticeActivity } from "../activity.ts";
import type { Ctx } from "../context.ts";
import { enter } from "../database/unit.ts";
import { showing } from "../decoys.ts";
import { type AppError, appError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { System } from "../system.ts";
import { contextOf } from "./caller.ts";
import type { Download, Reply, Route, Routes, StreamEvent, Upload } from "./contract.ts";
import { checkCharacters, parseJson } from "./json.ts";
import { isLoopbackName } from "./loopback.ts";
import { responseSchema } from "./openapi.ts";
import { FILES_AT_ONCE, sendError } from "./refusals.ts";
import { sendEvents } from "./sse.ts";

export const BODY_LIMIT = 1024 * 1024;
export const FILE_LIMIT = 50 * 1024 * 1024;
const FORM = "multipart/form-data";

/** Mounts every route of the table. Guards run in one order for all: who, own origin, how often, what. */
export async function mountRoutes(app: FastifyInstance, system: System, routes: Routes): Promise<void> {
  await app.register(cookie);
  app.decorateRequest(CONTEXT, null);
  app.decorateRequest(TOUCHED, null);
  watchDecoys(app, system);
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: BODY_LIMIT },
    (_request, body, done) => {
      try {
        done(null, parseJson(body as string));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  // Elsewhere a form is left unread, so that it is refused in the order of all refusals: who, own origin, how often, what.
  app.addContentTypeParser(FORM, (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => sendError(appError("not_found"), request, reply));
  for (const route of routes) if (route.body !== "files") mount(app, system, route);
  await app.register(async (forFiles) => {
    await acceptFiles(forFiles);
    for (const route of routes) if (route.body === "files") mount(forFiles, system, route);
  });
}

// Only where files are taken: the parser of forms prepares every request for one, whatever comes.
async function acceptFiles(app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser(FORM);
  await app.register(multipart, {
    // One file that is too large must not end the others: whoever stores it sees the byte too many and refuses it.
    throwFileSizeLimit: false,
    limits: {
      fileSize: FILE_LIMIT + 1,
      files: FILES_AT_ONCE,
      fields: 5,
      fieldSize: 1000,
      parts: FILES_AT_ONCE + 5,
      headerPairs: 50,
    },
  });
}

function mount(app: FastifyInstance, system: System, route: Route): void {
  const schema =
    typeof route.output === "string" ? {} : { response: { [route.status]: responseSchema(route.output) } };
  app.route({
    method: route.method,
    url: route.url,
    exposeHeadRoute: false,
    schema,
    // Before the body is read: whoever may not ask costs no parsing, and whoever sends slowly does not stay.
    preParsing: async (request, reply, payload) => {
      (request as Guarded)[CONTEXT] = await contextOf(system, route, request, reply);
      (request as Guarded)[TOUCHED]?.((request as Guarded)[CONTEXT]);
      if (route.body !== "files") endSlowBody(request);
      return payload;
    },
    handler: async (request, reply) => {
      const ctx = (request as Guarded)[CONTEXT];
      if (!ctx) throw new Error("the guards did not run");
      const input = validate(route, request);
      const tools = replyTools(request, reply);
      const value = await route.handler(ctx, input, tools);
      // A route that touched no data has not yet asked whether its caller may: ask now, before any answer.
      if (ctx.demand.permission !== null && ctx.standing.current === null) await enter(ctx);
      if (!route.background && request.headers["x-background"] !== "1") noticeActivity(ctx);
      return answer(system, route, request, reply, value, tools);
    },
  });
}

// On the request itself: what a WeakMap holds outlives many collections, and they then stop every answer.
const CONTEXT = Symbol("context");
const TOUCHED = Symbol("touched");
type Guarded = FastifyRequest & { [CONTEXT]: Ctx | null; [TOUCHED]: ((ctx: Ctx | null) => void) | null };

/** Shows whoever watches over decoys what is asked and what leaves. Costs every request two short looks. */
function watchDecoys(app: FastifyInstance, system: System): void {
  app.addHook("onRequest", (request, reply, done) => {
    const touched = system.decoys.current?.asked(request) ?? null;
    if (touched) {
      (request as Guarded)[TOUCHED] = touched;
      // Refused by a guard, or no route of the table: nobody known asked.
      reply.raw.once("close", () => touched(null));
    }
    done();
  });
  app.addHook("onSend", (request, _reply, payload, done) => {
    const decoys = system.decoys.current;
    if (!decoys || payload === null || payload === undefined) return done(null, payload);
    const ctx = (request as Guarded)[CONTEXT];
    if (typeof payload === "string" || Buffer.isBuffer(payload)) decoys.answered(request, ctx, payload);
    else if (payload instanceof Readable) {
      const shown = showing(decoys.longest, (part) => decoys.answered(request, ctx, part));
      // A source that fails ends what was to be sent, as it would have done without us.
      return done(
        null,
        pipeline(payload, shown, () => {}),
      );
    }
    done(null, payload);
  });
}
const LONGEST_BODY_MS = 15_000;

function endSlowBody(request: FastifyRequest): void {
  if (request.raw.complete || !request.headers["content-type"]) return;
  const timer = setTimeout(() => request.raw.destroy(), LONGEST_BODY_MS).unref();
  request.raw.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
}

function validate(route: Route, request: FastifyRequest) {
  const { slug: _, ...params } = request.params as Record<string, unknown>;
  checkCharacters(params);
  checkCharacters(request.query);
  const isJson = request.headers["content-type"]?.split(";")[0]?.trim() === "application/json";
  if (route.body === "files") {
    if (!request.isMultipart()) throw appError("unsupported_type");
  } else if (route.body !== null && !isJson) throw appError("unsupported_type");
  return {
    // A path that cannot name anything is a place where nothing is, not a form to be corrected.
    params: route.params ? parse(route.params, params, "", () => appError("not_found")) : undefined,
    query: route.query ? parse(route.query, request.query, "query.") : undefined,
    body: route.body && route.body !== "files" ? parse(route.body, request.body, "") : undefined,
  } as Parameters<Route["handler"]>[1];
}

function parse(schema: z.ZodType, value: unknown, prefix: string, instead?: () => AppError): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (instead) throw instead();
  const fields: Record<string, string> = {};
  for (const issue of parsed.error.issues.slice(0, 20))
    fields[prefix + issue.path.join(".")] ??= issue.message;
  throw appError("invalid_input", { fields });
}

function goneSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.closed || request.raw.errored) controller.abort();
  reply.raw.once("close", () => controller.abort());
  request.raw.once("error", () => controller.abort());
  return controller.signal;
}

const cookieOptions = { path: "/", httpOnly: true, secure: true, sameSite: "lax" } as const;

function replyTools(request: FastifyRequest, reply: FastifyReply): Reply {
  let gone: AbortSignal | null = null;
  return {
    setCookie: (name, value, maxAge) => void reply.setCookie(name, value, { ...cookieOptions, maxAge }),
    clearCookie: (name) => void reply.clearCookie(name, cookieOptions),
    cookies: request.cookies,
    slug: String((request.params as { slug?: string }).slug ?? ""),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    // Made for those who ask: most answers are complete at once, and ending a signal costs as much as a query. Not a
    // getter: each would give its object a shape of its own, and shapes outlive what they were made for.
    gone: () => {
      gone ??= goneSignal(request, reply);
      return gone;
    },
    uploads: () => uploadsOf(request),
    keepsCookies: () => request.protocol === "https" || isLoopbackName(request.hostname),
  };
}

async function* uploadsOf(request: FastifyRequest): AsyncIterable<Upload> {
  for await (const part of request.files()) {
    if (part.fieldname !== "file") part.file.resume();
    else yield { name: part.filename ?? "", stream: part.file, field: (name) => fieldOf(part.fields, name) };
  }
}

function fieldOf(fields: Record<string, unknown>, name: string): string | undefined {
  const given = Object.hasOwn(fields, name) ? fields[name] : undefined;
  // Of one that is repeated, the last counts.
  const last = (Array.isArray(given) ? given.at(-1) : given) as
    | { type?: string; value?: unknown }
    | undefined;
  if (last?.type !== "field" || typeof last.value !== "string") return undefined;
  checkCharacters(last.value);
  return last.value;
}

async function answer(
  system: System,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  value: unknown,
  tools: Reply,
) {
  void reply.code(route.status).header("cache-control", "no-store");
  if (route.output === "events") {
    reply.hijack();
    for (const [name, header] of Object.entries(reply.getHeaders()))
      if (header !== undefined) reply.raw.setHeader(name, header);
    reply.raw.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    });
    reply.raw.flushHeaders();
    const events = value as AsyncIterable<StreamEvent>;
    const shown = (frame: string) =>
      system.decoys.current?.answered(request, (request as Guarded)[CONTEXT], frame);
    await sendEvents(reply.raw, events, tools.gone(), undefined, system.ending, shown).catch(
      (error: unknown) => {
        request.log.warn({ err: error }, "a stream ended early");
      },
    );
    return reply;
  }
  if (route.output === "bytes") {
    const { stream, name, bytes, ranges } = value as Download;
    if (ranges?.start !== undefined) void reply.code(206);
    return reply
      .headers({
        "content-type": "application/octet-stream",
        ...(bytes === null ? {} : { "content-length": bytes }),
        ...(ranges ? { "accept-ranges": "bytes" } : {}),
        ...(ranges?.start === undefined
          ? {}
          : { "content-range": `bytes ${ranges.start}-${(ranges.end ?? ranges.total) - 1}/${ranges.total}` }),
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
      })
      .send(stream);
  }
  return value === null ? reply.send() : value;
}

export const requestId = (): string => newId();

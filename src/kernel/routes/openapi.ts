import { z } from "zod";
import { errorCodes } from "../errors.ts";
import { permissions } from "../permissions.ts";
import { changesState, permissionOf, type Route, type Routes } from "./contract.ts";

type Json = Record<string, unknown>;

/** The JSON Schema by which an answer is written out; fields that it does not name never leave. */
export function responseSchema(schema: z.ZodType): Json {
  return plain(z.toJSONSchema(schema, { io: "output", target: "draft-7", unrepresentable: "any" }));
}

/**
 * The table of routes as an OpenAPI 3.1 document. `x-` members carry what the standard has no place for:
 * permission, resource, audit event, rate class, roles, what the attacker has to know. `rolesOf` answers which roles may call a route.
 */
export function openApiOf(
  routes: Routes,
  version: string,
  rolesOf: (route: Route) => readonly string[] | null,
): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.url.replace(/:([a-zA-Z]+)/g, "{$1}");
    paths[path] ??= {};
    (paths[path] as Json)[route.method.toLowerCase()] = operation(route, rolesOf(route));
  }
  return {
    openapi: "3.1.0",
    info: { title: "Vouchsafe", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    paths,
    components: {
      schemas: {
        Error: {
          type: "object",
          required: ["error"],
          properties: {
            error: {
              type: "object",
              required: ["code", "message", "requestId"],
              properties: {
                code: { type: "string", enum: errorCodes() },
                message: { type: "string" },
                requestId: { type: "string", format: "uuid" },
                fields: { type: "object", additionalProperties: { type: "string" } },
              },
            },
          },
        },
      },
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: "__Host-vs_access.{slug}" },
        csrf: { type: "apiKey", in: "header", name: "x-csrf-token" },
        key: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function operation(route: Route, roles: readonly string[] | null): Json {
  const permission = permissionOf(route);
  const guarded = permission !== null;
  const declared = permissions().find((p) => p.key === permission);
  const session = changesState(route) ? { session: [], csrf: [] } : { session: [] };
  return {
    summary: route.words,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[:/-]+(\w?)/g, (_, c: string) => c.toUpperCase())}`,
    tags: [route.path.split("/")[1] ?? ""],
    parameters: parametersOf(route),
    ...(route.body ? { requestBody: { required: true, content: contentOf(route.body) } } : {}),
    responses: { [route.status]: { description: "Done", ...answerOf(route) }, default: errorAnswer },
    security: guarded ? [session, ...(declared?.forKeys ? [{ key: [] }] : [])] : [],
    "x-access":
      "publicBecause" in route.access ? `public: ${route.access.publicBecause}` : route.access.permission,
    "x-permission": permission,
    "x-roles": roles,
    "x-resource": route.resource,
    "x-creates": route.creates,
    "x-rate": route.rate,
    "x-audit": typeof route.audit === "string" ? route.audit : null,
    "x-fresh": route.demand.fresh,
    "x-keys": declared?.forKeys ?? false,
    "x-csrf": guarded && changesState(route),
    "x-stream": route.output === "events",
    // Where the permission exists at all; the attacker takes a member of such a tenant for the call that must succeed.
    "x-tenant-kind": declared?.in === "operator" ? "operator" : "customer",
    ...(route.state ? { "x-state": stateOf(route.state) } : {}),
    ...(route.mayAnswer.length > 0 ? { "x-control-status": route.mayAnswer } : {}),
    ...(Object.keys(route.unprobed).length > 0 ? { "x-unprobed": route.unprobed } : {}),
  };
}

const stateOf = (state: string): string =>
  state.startsWith("GET ") ? `GET /api/t/{slug}${state.slice(4).replace(/:([a-zA-Z]+)/g, "{$1}")}` : state;

const errorAnswer = {
  description: "Refused; the code says why",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
};

function parametersOf(route: Route): Json[] {
  const of = (schema: z.ZodType | null, place: "path" | "query"): Json[] => {
    if (!schema) return [];
    const { properties = {}, required = [] } = inputSchema(schema) as {
      properties?: Json;
      required?: string[];
    };
    return Object.entries(properties).map(([name, s]) => ({
      name,
      in: place,
      required: place === "path" || required.includes(name),
      schema: s,
    }));
  };
  const slug = { name: "slug", in: "path", required: true, schema: { type: "string" } };
  return [...(route.of === "tenant" ? [slug] : []), ...of(route.params, "path"), ...of(route.query, "query")];
}

function contentOf(body: z.ZodType | "files"): Json {
  if (body !== "files") return { "application/json": { schema: inputSchema(body) } };
  const file = { type: "string", contentMediaType: "application/octet-stream" };
  return {
    "multipart/form-data": {
      schema: { type: "object", properties: { file: { type: "array", items: file } }, required: ["file"] },
    },
  };
}

function answerOf(route: Route): Json {
  if (route.output === "events") return { content: { "text/event-stream": {} } };
  if (route.output === "bytes") return { content: { "application/octet-stream": {} } };
  if (route.output instanceof z.ZodNull) return {};
  return {
    content: {
      "application/json": {
        schema: plain(z.toJSONSchema(route.output, { io: "output", unrepresentable: "any" })),
      },
    },
  };
}

const inputSchema = (schema: z.ZodType): Json =>
  plain(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));

function plain(schema: object): Json {
  const { $schema: _, "~standard": __, ...rest } = schema as Json;
  return rest;
}

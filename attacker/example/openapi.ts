import { pathsBeyond } from "./openapi-beyond.ts";

/** The document of the example: what any application would publish, plus the vendor fields of README.md. */
export function notesDocument(): Record<string, unknown> {
  const slug = { name: "slug", in: "path", required: true, schema: { type: "string" } };
  const id = { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } };
  const json = (schema: unknown) => ({ required: true, content: { "application/json": { schema } } });
  const note = {
    type: "object",
    properties: {
      title: { type: "string", minLength: 1, maxLength: 100, examples: ["A note"] },
      pinned: { type: "boolean" },
      folder: { anyOf: [{ type: "string", format: "uuid" }, { type: "null" }] },
    },
  };
  const inFolder = { name: "folder", in: "query", schema: { type: "string", format: "uuid" } };
  const everyone = ["viewer", "manager", "admin", "owner"];
  const writers = ["manager", "admin", "owner"];
  const admins = ["admin", "owner"];
  return {
    openapi: "3.1.0",
    info: { title: "Notes", version: "1" },
    paths: {
      "/api/health": {
        get: { "x-access": "public: tells nothing but that it runs" },
      },
      "/api/t/{slug}/session": {
        parameters: [slug],
        get: { "x-access": "account.use", "x-keys": false, "x-roles": everyone },
        post: {
          "x-access": "public: the way in",
          "x-rate": "sign-in",
          "x-csrf": false,
          requestBody: json({
            type: "object",
            required: ["address", "password"],
            properties: {
              address: { type: "string", format: "email" },
              password: { type: "string", minLength: 1, maxLength: 200 },
            },
          }),
        },
        delete: { "x-access": "account.use", "x-keys": false, "x-roles": everyone },
      },
      "/api/t/{slug}/sessions": {
        parameters: [slug],
        get: { "x-access": "account.use", "x-keys": false, "x-roles": everyone },
      },
      "/api/t/{slug}/sessions/{id}": {
        parameters: [slug, id],
        delete: { "x-access": "account.use", "x-keys": false, "x-roles": everyone, "x-resource": "session" },
      },
      "/api/t/{slug}/account": {
        parameters: [slug],
        patch: {
          "x-access": "account.use",
          "x-keys": false,
          "x-roles": everyone,
          "x-state": "GET /api/t/{slug}/session",
          requestBody: json({
            type: "object",
            required: ["name"],
            properties: { name: { type: "string", minLength: 1, maxLength: 100 } },
          }),
        },
      },
      "/api/t/{slug}/notes": {
        parameters: [slug],
        get: {
          "x-access": "note.read",
          "x-roles": everyone,
          "x-keys": true,
          parameters: [
            inFolder,
            { name: "q", in: "query", schema: { type: "string", maxLength: 500 } },
            { name: "sort", in: "query", schema: { type: "string", enum: ["title", "createdAt"] } },
            { name: "cursor", in: "query", schema: { type: "string", maxLength: 200 } },
            { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100 } },
          ],
        },
        post: {
          "x-access": "note.create",
          "x-roles": writers,
          "x-creates": "note",
          "x-keys": true,
          requestBody: json({ $ref: "#/components/schemas/NewNote" }),
        },
      },
      "/api/t/{slug}/notes/{id}": {
        parameters: [slug, id],
        get: { "x-access": "note.read", "x-roles": everyone, "x-resource": "note", "x-keys": true },
        patch: {
          "x-access": "note.change",
          "x-roles": writers,
          "x-resource": "note",
          "x-keys": true,
          requestBody: json(note),
        },
        delete: { "x-access": "note.delete", "x-roles": writers, "x-resource": "note", "x-keys": true },
      },
      "/api/t/{slug}/folders": {
        parameters: [slug],
        get: { "x-access": "folder.read", "x-roles": everyone, "x-keys": true },
        post: {
          "x-access": "folder.create",
          "x-roles": everyone,
          "x-creates": "folder",
          "x-keys": true,
          requestBody: json({
            type: "object",
            required: ["name"],
            properties: { name: { type: "string", minLength: 1, maxLength: 100, examples: ["Drawer"] } },
          }),
        },
      },
      "/api/t/{slug}/folders/{id}": {
        parameters: [slug, id],
        get: { "x-access": "folder.read", "x-roles": everyone, "x-resource": "folder", "x-keys": true },
      },
      "/api/t/{slug}/members": {
        parameters: [slug],
        get: { "x-access": "member.read", "x-keys": false, "x-roles": admins },
      },
      "/api/t/{slug}/members/{id}": {
        parameters: [slug, id],
        patch: {
          "x-access": "member.change-role",
          "x-keys": false,
          "x-roles": admins,
          "x-resource": "member",
          requestBody: json({
            type: "object",
            required: ["role"],
            properties: { role: { type: "string", enum: ["viewer", "manager"] } },
          }),
        },
        delete: {
          "x-access": "member.remove",
          "x-keys": false,
          "x-roles": ["owner"],
          "x-resource": "member",
          "x-fresh": true,
        },
      },
      ...pathsBeyond(),
    },
    components: { schemas: { NewNote: { ...note, required: ["title"] } } },
  };
}

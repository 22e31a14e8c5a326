/** The part of the example's document that goes beyond plain objects: files, jobs, streams, tokens, addresses. */
export function pathsBeyond(): Record<string, unknown> {
  const uuid = { type: "string", format: "uuid" };
  const slug = { name: "slug", in: "path", required: true, schema: { type: "string" } };
  const id = { name: "id", in: "path", required: true, schema: uuid };
  const ofNote = { ...id, "x-resource": "note" };
  const comment = { name: "comment", in: "path", required: true, schema: uuid, "x-resource": "comment" };
  const json = (schema: unknown) => ({ required: true, content: { "application/json": { schema } } });
  const object = (properties: Record<string, unknown>) =>
    json({ type: "object", required: Object.keys(properties), properties });
  const name = { type: "string", minLength: 1, maxLength: 100 };
  const ROLES = ["viewer", "manager", "admin", "owner"];
  const open = (may = ROLES, keys = true) => ({ "x-access": "note.use", "x-roles": may, "x-keys": keys });
  const [everyone, writers, admins] = [open(), open(ROLES.slice(1)), open(ROLES.slice(2), false)];
  const bytes = { 200: { description: "The file", content: { "application/octet-stream": {} } } };
  const root = "/api/t/{slug}";
  return {
    [`${root}/session/refresh`]: {
      parameters: [slug],
      post: { "x-access": "public: the token is the credential", "x-csrf": false, "x-refresh": true },
    },
    [`${root}/invitations/accept`]: {
      parameters: [slug],
      post: {
        "x-access": "public: the token is the credential",
        "x-csrf": false,
        "x-once": true,
        requestBody: object({ token: { type: "string", minLength: 1, maxLength: 200 }, name }),
      },
    },
    [`${root}/notes/delete`]: {
      parameters: [slug],
      post: {
        ...writers,
        "x-state": "GET /api/t/{slug}/notes",
        requestBody: object({
          ids: { type: "array", items: { ...uuid, "x-resource": "note" }, minItems: 1, maxItems: 50 },
        }),
      },
    },
    [`${root}/notes/{id}/comments`]: {
      parameters: [slug, id],
      get: { ...everyone, "x-resource": "note" },
      post: { ...writers, "x-resource": "note", "x-creates": "comment", requestBody: object({ text: name }) },
    },
    [`${root}/notes/{id}/comments/{comment}`]: {
      parameters: [slug, ofNote, comment],
      get: { ...everyone, "x-resource": "comment" },
      delete: { ...writers, "x-resource": "comment" },
    },
    [`${root}/notes/{id}/cancel`]: {
      parameters: [slug, id],
      post: { ...writers, "x-resource": "note" },
    },
    [`${root}/digests`]: {
      parameters: [slug],
      post: {
        ...writers,
        "x-state": "none: it shows in the note that the body names",
        requestBody: object({ note: { ...uuid, "x-resource": "note" } }),
      },
    },
    [`${root}/events`]: {
      parameters: [slug],
      get: { ...open(ROLES, false), "x-stream": true, "x-lists": ["note"] },
    },
    [`${root}/export`]: {
      parameters: [slug],
      get: { ...admins, "x-export": true, responses: bytes },
    },
    [`${root}/files`]: {
      parameters: [slug],
      get: everyone,
      post: {
        ...writers,
        "x-creates": "file",
        requestBody: {
          required: true,
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                required: ["file"],
                properties: { file: { type: "string", format: "binary" } },
              },
            },
          },
        },
      },
    },
    [`${root}/files/{id}`]: {
      parameters: [slug, id],
      get: { ...everyone, "x-resource": "file" },
    },
    [`${root}/files/{id}/original`]: {
      parameters: [slug, id],
      get: { ...everyone, "x-resource": "file", responses: bytes },
    },
    [`${root}/hooks`]: {
      parameters: [slug],
      get: admins,
      post: { ...admins, requestBody: object({ url: { type: "string", format: "uri", maxLength: 500 } }) },
    },
    [`${root}/labels`]: {
      parameters: [slug],
      get: everyone,
      post: {
        ...writers,
        "x-creates": "label",
        requestBody: object({ name: { ...name, "x-unique": true } }),
      },
    },
    [`${root}/labels/{id}`]: {
      parameters: [slug, id],
      delete: { ...writers, "x-resource": "label", "x-once": true },
    },
  };
}

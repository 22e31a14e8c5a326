import assert from "node:assert/strict";
import { test } from "node:test";
import { readOperations, type Schema } from "./openapi.ts";
import { seededRandom } from "./random.ts";
import { placesOf, putInto, putIntoQuery } from "./references.ts";

const ID = "01990000-0000-7000-8000-000000000001";
const OTHER = "01990000-0000-7000-8000-000000000002";
const uuid = { type: "string", format: "uuid" };
const fresh = { random: seededRandom("places"), next: () => "1", mailDomain: "example.com" };

function operation(schema: Schema, parameters: unknown[] = []) {
  const requestBody = { content: { "application/json": { schema } } };
  const document = {
    paths: { "/things": { post: { "x-access": "thing.create", parameters, requestBody } } },
  };
  const manifest = { origin: "http://localhost", tenants: [] };
  const [op] = readOperations(document, manifest);
  if (!op) throw new Error("no operation");
  return op;
}

/** Every place with the body that an identifier makes of the genuine one. */
function filled(schema: Schema, genuine: unknown): [name: string, body: unknown][] {
  return placesOf(operation(schema), genuine, fresh).map((place) => {
    if (place.in !== "body") throw new Error("a query");
    return [place.name, putInto(genuine, place, OTHER)];
  });
}

test("a reference that the genuine body leaves out is added", () => {
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, parent: { anyOf: [uuid, { type: "null" }] } },
  };
  assert.deepEqual(filled(schema, { name: "A" }), [["parent", { name: "A", parent: OTHER }]]);
  assert.deepEqual(filled(schema, { name: "A", parent: null }), [["parent", { name: "A", parent: OTHER }]]);
});

test("each of a list is replaced and one is added, an empty list gets one, a word gives way to a list", () => {
  const ids = { anyOf: [{ type: "array", items: uuid }, { const: "all" }] };
  const schema = { type: "object", properties: { ids } };
  assert.deepEqual(filled(schema, { ids: [ID, ID] }), [
    ["ids.0", { ids: [OTHER, ID] }],
    ["ids.1", { ids: [ID, OTHER] }],
    ["ids.2", { ids: [ID, ID, OTHER] }],
  ]);
  assert.deepEqual(filled(schema, { ids: [] }), [["ids.0", { ids: [OTHER] }]]);
  assert.deepEqual(filled(schema, { ids: "all" }), [["ids.0", { ids: [OTHER] }]]);
});

test("beside a word out of a list, the reference is tried as each of them", () => {
  const kind = { type: "string", enum: ["member", "group"] };
  const access = { type: "string", enum: ["read", "write"] };
  const with_ = { type: "object", properties: { kind, id: uuid } };
  // The word outside says nothing of what the identifier names.
  const schema = { type: "object", properties: { access, with: with_ } };
  assert.deepEqual(filled(schema, { with: { kind: "member", id: ID } }), [
    ["with.id", { with: { kind: "member", id: OTHER } }],
    ["with.id (with.kind group)", { with: { kind: "group", id: OTHER } }],
  ]);
});

test("every branch of a choice is tried, with what it asks for besides", () => {
  const branch = (kind: string, name: string) => ({
    type: "object",
    required: ["kind", name],
    properties: { kind: { const: kind }, [name]: uuid },
  });
  const schema = { oneOf: [branch("document", "document"), branch("chat", "chat")] };
  const [first, second] = filled(schema, { kind: "document", document: ID });
  assert.deepEqual(first, ["document", { kind: "document", document: OTHER }]);
  assert.deepEqual(second, ["chat (kind chat)", { kind: "chat", chat: OTHER }]);
});

test("an identifier of the genuine body counts where the schema says nothing", () => {
  const schema = { type: "object", properties: { token: { type: "string" }, any: {} } };
  assert.deepEqual(filled(schema, { token: "abc", any: { deep: ID } }), [
    ["any.deep", { token: "abc", any: { deep: OTHER } }],
  ]);
});

test("a parameter of the query is replaced beside the others", () => {
  const parameters = [
    { name: "folder", in: "query", schema: { anyOf: [uuid, { const: "top" }] } },
    { name: "q", in: "query", schema: { type: "string" } },
  ];
  const [place, ...more] = placesOf(operation({ type: "object" }, parameters), {}, fresh);
  assert.deepEqual(more, []);
  if (place?.in !== "query") throw new Error("no place");
  assert.equal(putIntoQuery("/things?q=a&folder=top", place, OTHER), `/things?q=a&folder=${OTHER}`);
});

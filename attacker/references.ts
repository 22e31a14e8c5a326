import { isRecord } from "./contract.ts";
import type { Operation, Schema } from "./openapi.ts";
import type { Freshness } from "./sample.ts";
import { sample } from "./sample.ts";

type Key = string | number;
type Edit = { at: readonly Key[]; value: unknown };

/** A place of a call that names an object by its identifier, apart from the path. */
export type Place =
  | { name: string; in: "query" }
  /** `edits` make room for the identifier and say which kind of object it is to name. */
  | { name: string; in: "body"; at: readonly Key[]; edits: readonly Edit[] };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DEEPEST = 8;
const MOST_ITEMS = 3;
/** Longer lists of words beside an identifier hardly say what kind of object it names. */
const MOST_KINDS = 8;

/**
 * Where an operation takes identifiers: values of `format: uuid` in its body's schema and its query, at any depth and
 * left out of the genuine body or not, and identifiers in the genuine body of which the schema says nothing.
 */
export function placesOf(op: Operation, genuine: unknown, fresh: Freshness): Place[] {
  const { query, found } = placed(op, genuine, fresh, isIdentifier);
  const said = new Set(found.map(({ at }) => at.join(".")));
  const unsaid = inValue(genuine, []).filter(({ at }) => !said.has(at.join(".")));
  const places = [...found, ...unsaid].map(
    ({ at, edits }): Place => ({ name: nameOf(at, edits), in: "body", at, edits }),
  );
  return [...query, ...new Map(places.map((place) => [place.name, place])).values()];
}

/** Where an operation takes a value of a kind that its schema names, in its query and its body, at any depth. */
export function placesWhere(op: Operation, genuine: unknown, fresh: Freshness, is: Kind): Place[] {
  const { query, found } = placed(op, genuine, fresh, is);
  const places = found.map(({ at, edits }): Place => ({ name: nameOf(at, edits), in: "body", at, edits }));
  return [...query, ...new Map(places.map((place) => [place.name, place])).values()];
}

export type Kind = (schema: Schema) => boolean;
const isIdentifier: Kind = (schema) => schema.format === "uuid";

function placed(op: Operation, genuine: unknown, fresh: Freshness, is: Kind) {
  const query = op.parameters
    .filter((parameter) => parameter.in === "query" && holds(parameter.schema, 0, is))
    .map((parameter): Place => ({ name: `?${parameter.name}`, in: "query" }));
  const found = op.body === null ? [] : inSchema(op.body.schema, genuine, { at: [], edits: [], fresh, is });
  return { query, found };
}

/** The genuine body with an identifier put in its place. */
export function putInto(body: unknown, place: Extract<Place, { in: "body" }>, id: string): unknown {
  return [...place.edits, { at: place.at, value: id }].reduce(
    (into, { at, value }) => withValue(into, at, value),
    body,
  );
}

/** A path and query with an identifier as the value of one parameter. */
export function putIntoQuery(path: string, place: Extract<Place, { in: "query" }>, id: string): string {
  const [base = "", query = ""] = path.split("?");
  const parameters = new URLSearchParams(query);
  parameters.set(place.name.slice(1), id);
  return `${base}?${parameters}`;
}

type Spot = { at: readonly Key[]; edits: readonly Edit[] };
type Walk = Spot & { fresh: Freshness; is: Kind };

function inSchema(schema: Schema, value: unknown, walk: Walk): Spot[] {
  if (walk.at.length > DEEPEST) return [];
  if (walk.is(schema)) return [walk];
  const branches = [...list(schema.anyOf), ...list(schema.oneOf), ...list(schema.allOf)].filter(isRecord);
  const found = branches.flatMap((branch) => inSchema(branch, value, walk));
  if (isRecord(schema.items)) {
    const items = Array.isArray(value) ? value : [];
    // Each item in turn, and one more behind those that are good.
    for (let i = 0; i === 0 || (i <= items.length && i <= MOST_ITEMS); i++)
      found.push(...inSchema(schema.items, items[i], { ...walk, at: [...walk.at, i] }));
  }
  if (isRecord(schema.properties)) found.push(...inObject(schema, schema.properties, value, walk));
  return found;
}

function inObject(schema: Schema, properties: Record<string, unknown>, value: unknown, walk: Walk): Spot[] {
  const fits = isRecord(value) && fixed(properties).every(([name, one]) => value[name] === one);
  const there = fits ? value : (sample(schema, walk.fresh) as Record<string, unknown>);
  const edits = fits ? walk.edits : [...walk.edits, { at: walk.at, value: there }];
  return Object.entries(properties).flatMap(([name, inner]) => {
    if (!isRecord(inner)) return [];
    const at = [...walk.at, name];
    const spots = inSchema(inner, there[name], { ...walk, at, edits });
    // Beside an identifier, a word out of a list may say what it names: it is tried as each of them.
    const isBeside = spots.some((spot) => spot.at.slice(at.length).every((key) => typeof key === "number"));
    const kinds = isBeside ? kindsBeside(properties, there) : [];
    const others = kinds.map(([kind, other]): Edit => ({ at: [...walk.at, kind], value: other }));
    return spots.flatMap((spot) => [
      spot,
      ...others.map((edit) => ({ ...spot, edits: [...spot.edits, edit] })),
    ]);
  });
}

function fixed(properties: Record<string, unknown>): [string, unknown][] {
  return Object.entries(properties).flatMap(([name, inner]) =>
    isRecord(inner) && inner.const !== undefined ? [[name, inner.const] as [string, unknown]] : [],
  );
}

function kindsBeside(
  properties: Record<string, unknown>,
  value: Record<string, unknown>,
): [string, unknown][] {
  return Object.entries(properties).flatMap(([name, inner]) => {
    const words = isRecord(inner) ? list(inner.enum) : [];
    if (words.length === 0 || words.length > MOST_KINDS) return [];
    return words.filter((word) => word !== value[name]).map((word) => [name, word] as [string, unknown]);
  });
}

function inValue(value: unknown, at: readonly Key[]): Spot[] {
  if (typeof value === "string") return UUID.test(value) ? [{ at, edits: [] }] : [];
  // Of a list, the first element stands for all.
  if (Array.isArray(value)) return value.slice(0, 1).flatMap((item) => inValue(item, [...at, 0]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => inValue(inner, [...at, name]));
}

function holds(schema: unknown, depth: number, is: Kind): boolean {
  if (!isRecord(schema) || depth > DEEPEST) return false;
  if (is(schema)) return true;
  const inner = [...list(schema.anyOf), ...list(schema.oneOf), ...list(schema.allOf), schema.items];
  return inner.some((one) => holds(one, depth + 1, is));
}

function withValue(into: unknown, [key, ...rest]: readonly Key[], value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === "number") {
    const copy: unknown[] = Array.isArray(into) ? [...into] : [];
    copy[key] = withValue(copy[key], rest, value);
    return copy;
  }
  const copy: Record<string, unknown> = isRecord(into) ? { ...into } : {};
  copy[key] = withValue(copy[key], rest, value);
  return copy;
}

function nameOf(at: readonly Key[], edits: readonly Edit[]): string {
  const words = edits.filter(({ value }) => typeof value === "string");
  const kinds = words.map((edit) => `${edit.at.join(".")} ${edit.value}`);
  const branches = edits.filter(({ value }) => isRecord(value)).map(({ value }) => fixedWords(value));
  const beside = [...branches.filter(Boolean), ...kinds];
  return beside.length > 0 ? `${at.join(".")} (${beside.join(", ")})` : at.join(".");
}

/** What tells one branch from another, such as `kind group`; long texts are made up and tell nothing. */
function fixedWords(value: unknown): string {
  const entries = isRecord(value) ? Object.entries(value) : [];
  const words = entries.filter(([, one]) => typeof one === "string" && /^[a-z-]{1,20}$/.test(one));
  return words.map(([name, word]) => `${name} ${word}`).join(", ");
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

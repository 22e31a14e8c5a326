import { isRecord, type Manifest } from "./contract.ts";

export type Schema = Record<string, unknown>;
export type Parameter = {
  name: string;
  in: string;
  required: boolean;
  schema: Schema;
  resource: string | null;
};

export type Operation = {
  /** `METHOD path`, the name by which the ledger knows a route. */
  key: string;
  method: string;
  path: string;
  /** The reason when it is public, null when it asks for credentials. */
  publicBecause: string | null;
  resource: string | null;
  creates: string | null;
  lists: string[];
  rate: string | null;
  csrf: boolean;
  /** Asks for a second factor that was proved a moment ago. */
  fresh: boolean;
  /** Whether an API key may call it; null when the document does not know keys. */
  keys: boolean | null;
  stream: boolean;
  /** Answers a file: neither JSON nor a stream of events. */
  download: boolean;
  /** Takes away much at once. */
  exports: boolean;
  /** May succeed once only with the same input. */
  once: boolean;
  /** Trades a refresh token for a new one. */
  refresh: boolean;
  /** Roles of the reviewed matrix; null when nobody reviewed this route. */
  roles: string[] | null;
  tenantKind: string | null;
  /** Where to read what the operation would change: `GET path`, or `none: reason`. */
  state: string | null;
  /** Further statuses that the owner's genuine call on a fresh object may answer. */
  controlStatus: number[];
  unprobed: Record<string, string>;
  safe: boolean;
  parameters: Parameter[];
  /** Names of the path's parameters in order, without the tenant's. */
  ids: string[];
  /** The parameter that names the operation's object: the last that is no number (of a part, of a page). */
  named: string | null;
  tenantScoped: boolean;
  body: { type: string; schema: Schema; required: boolean } | null;
};

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Reads the operations of an OpenAPI 3.1 document, in the document's order. Throws when it is not one. */
export function readOperations(document: unknown, manifest: Manifest): Operation[] {
  if (!isRecord(document) || !isRecord(document.paths)) throw new Error("openapi: no paths");
  const found: Operation[] = [];
  for (const [path, item] of Object.entries(document.paths)) {
    if (!isRecord(item)) continue;
    for (const method of METHODS) {
      const raw = item[method];
      if (isRecord(raw)) found.push(readOperation(document, manifest, path, method.toUpperCase(), raw, item));
    }
  }
  return found;
}

function readOperation(
  document: Record<string, unknown>,
  manifest: Manifest,
  path: string,
  method: string,
  raw: Record<string, unknown>,
  item: Record<string, unknown>,
): Operation {
  const key = `${method} ${path}`;
  const access = str(raw["x-access"]) ?? "";
  const publicBecause = access.startsWith("public") ? access.replace(/^public:?\s*/, "") || "public" : null;
  const safe = method === "GET";
  const tenantParameter = manifest.tenantParameter ?? "slug";
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? "");
  const parameters = [...list(item.parameters), ...list(raw.parameters)]
    .map((parameter) => resolve(document, parameter))
    .filter(isRecord)
    .map((parameter) => ({
      name: str(parameter.name) ?? "",
      in: str(parameter.in) ?? "query",
      required: parameter.required === true,
      schema: resolve(document, parameter.schema) as Schema,
      resource: str(parameter["x-resource"]),
    }));
  return {
    key,
    method,
    path,
    publicBecause,
    resource: str(raw["x-resource"]),
    creates: str(raw["x-creates"]),
    lists: list(raw["x-lists"]).filter((noun) => typeof noun === "string"),
    rate: str(raw["x-rate"]),
    csrf: typeof raw["x-csrf"] === "boolean" ? raw["x-csrf"] : !safe && publicBecause === null,
    fresh: raw["x-fresh"] === true,
    keys: typeof raw["x-keys"] === "boolean" ? raw["x-keys"] : null,
    stream: raw["x-stream"] === true,
    download: safe && answersFile(document, raw),
    exports:
      raw["x-export"] === true || /\/export$/.test(path) || (names.length < 2 && answersFile(document, raw)),
    once: raw["x-once"] === true || (manifest.once ?? []).includes(key),
    refresh: raw["x-refresh"] === true,
    roles: manifest.permissions?.[key] ?? (Array.isArray(raw["x-roles"]) ? raw["x-roles"].map(String) : null),
    tenantKind: str(raw["x-tenant-kind"]),
    state: str(raw["x-state"]),
    controlStatus: list(raw["x-control-status"]).filter((status) => typeof status === "number"),
    unprobed: isRecord(raw["x-unprobed"]) ? (raw["x-unprobed"] as Record<string, string>) : {},
    safe,
    parameters,
    ids: names.filter((name) => name !== tenantParameter),
    named:
      names
        .filter((name) => name !== tenantParameter)
        .findLast((name) => !parameters.some((one) => one.name === name && isNumber(one.schema))) ?? null,
    tenantScoped: names.includes(tenantParameter),
    body: readBody(document, raw),
  };
}

function isNumber(schema: Schema): boolean {
  return schema.type === "integer" || schema.type === "number";
}

function answersFile(document: Record<string, unknown>, raw: Record<string, unknown>): boolean {
  if (typeof raw["x-download"] === "boolean") return raw["x-download"];
  const responses = resolve(document, raw.responses);
  const good = Object.entries(isRecord(responses) ? responses : {}).filter(([status]) => /^2/.test(status));
  const types = good.flatMap(([, one]) =>
    isRecord(one) && isRecord(one.content) ? Object.keys(one.content) : [],
  );
  return types.length > 0 && !types.some((type) => /json|event-stream/.test(type));
}

function readBody(document: Record<string, unknown>, raw: Record<string, unknown>): Operation["body"] {
  const body = resolve(document, raw.requestBody);
  if (!isRecord(body) || !isRecord(body.content)) return null;
  const type =
    Object.keys(body.content).find((name) => name.includes("json")) ?? Object.keys(body.content)[0];
  const media = type === undefined ? undefined : body.content[type];
  if (type === undefined || !isRecord(media)) return null;
  const schema = resolve(document, media.schema);
  const whole = isRecord(schema) ? schema : {};
  const example = media.example === undefined ? whole : { ...whole, examples: [media.example] };
  return { type, schema: example, required: body.required === true };
}

/** Follows `#/…` references at any depth; a circle ends in an empty schema, which allows anything. */
function resolve(document: Record<string, unknown>, value: unknown, open: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(document, item, open));
  if (!isRecord(value)) return value;
  const ref = value.$ref;
  if (typeof ref === "string") {
    if (!ref.startsWith("#/") || open.includes(ref)) return {};
    const target = ref
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>((node, part) => (isRecord(node) ? node[part] : undefined), document);
    return resolve(document, target, [...open, ref]);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolve(document, inner, open)]),
  );
}

function str(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

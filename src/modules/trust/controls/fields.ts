/** One operation of the running server's OpenAPI document. */
export interface Operation {
  /** `PATCH /api/t/{slug}/account` */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** Its class of rate limit. */
  readonly rate: string;
  readonly fields: readonly Field[];
}

/** A place of an operation that takes a string. */
export interface Field {
  /** `PATCH /api/t/{slug}/account body.name` */
  readonly key: string;
  readonly place: "path" | "query" | "body" | "file";
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
  /** Whether somebody's own words fit: it is neither a closed list nor an identifier. */
  readonly free: boolean;
}

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly examples?: readonly unknown[];
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface DocumentedOperation {
  readonly parameters?: readonly { name: string; in: "path" | "query"; required?: boolean; schema: Schema }[];
  readonly "x-rate": string;
  readonly requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
}

/** Every operation that the running server documents, with every place in it that takes a string. */
export async function readOperations(origin: string): Promise<Operation[]> {
  const answer = await fetch(`${origin}/api/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, DocumentedOperation>> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      const key = `${method} ${path}`;
      return { key, method, path, rate: operation["x-rate"], fields: fieldsOf(key, operation) };
    }),
  );
}

function fieldsOf(key: string, operation: DocumentedOperation): Field[] {
  const parameters = (operation.parameters ?? []).map((p) =>
    field(key, p.in, p.name, p.schema, p.required ?? false),
  );
  const bodies = Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, { schema }]) =>
    type === "multipart/form-data"
      ? ["name", "content"].map((name) => field(key, "file", name, { type: "string" }, true))
      : stringsIn(schema, "", true).map(({ name, schema: at, required }) =>
          field(key, "body", name, at, required),
        ),
  );
  return [...parameters, ...bodies].filter(({ schema }) => typeOf(schema) === "string");
}

function field(key: string, place: Field["place"], name: string, schema: Schema, required: boolean): Field {
  const free = schema.enum === undefined && schema.const === undefined && schema.format !== "uuid";
  return { key: `${key} ${place}.${name}`, place, name, required, schema, free };
}

function stringsIn(
  schema: Schema,
  at: string,
  required: boolean,
): { name: string; schema: Schema; required: boolean }[] {
  const inner = schema.anyOf?.find((s) => s.type !== "null") ?? schema;
  if (inner.type === "array" && inner.items) return stringsIn(inner.items, `${at}[]`, required);
  if (inner.type !== "object") return [{ name: at, schema: inner, required }];
  return Object.entries(inner.properties ?? {}).flatMap(([name, property]) =>
    stringsIn(property, at ? `${at}.${name}` : name, inner.required?.includes(name) ?? false),
  );
}

const typeOf = (schema: Schema): string | undefined =>
  schema.type ?? schema.anyOf?.find((s) => s.type !== "null")?.type;

/** A request of an operation, its required fields filled with samples, and the given ones with the given values. */
export function requestOf(
  operation: Operation,
  slug: string,
  values: Readonly<Record<string, string>>,
): { method: string; path: string; body?: Record<string, string>; file?: { name: string; content: string } } {
  const given = (f: Field): string | undefined =>
    values[f.key] ?? (f.required ? sampleOf(f, slug) : undefined);
  let path = operation.path;
  const query = new URLSearchParams();
  const body: Record<string, string> = {};
  const file: Record<string, string> = {};
  for (const f of operation.fields) {
    const value = given(f);
    if (value === undefined) continue;
    if (f.place === "path") path = path.replace(`{${f.name}}`, encodeURIComponent(value));
    else if (f.place === "query") query.set(f.name, value);
    else if (f.place === "file") file[f.name] = value;
    else body[f.name] = value;
  }
  const search = query.toString();
  const hasFile = "name" in file && "content" in file;
  const sendsBody = !hasFile && operation.method !== "GET" && operation.method !== "DELETE";
  return {
    method: operation.method,
    path: search ? `${path}?${search}` : path,
    ...(sendsBody ? { body } : {}),
    ...(hasFile ? { file: { name: file.name ?? "", content: file.content ?? "" } } : {}),
  };
}

function sampleOf({ name, place, schema }: Field, slug: string): string {
  if (place === "path" && name === "slug") return slug;
  return String(schema.examples?.[0] ?? schema.enum?.[0] ?? "sample");
}

import { isRecord } from "./contract.ts";
import type { Operation, Schema } from "./openapi.ts";
import { type Random, unusedLike } from "./random.ts";

export type Freshness = { random: Random; next: () => string; mailDomain: string };

/**
 * A body that the operation's schema accepts: examples first, then enum, then something of the type.
 * Optional properties are filled in for PATCH and PUT only: elsewhere the server's defaults are the usual case.
 */
export function sampleBody(op: Operation, fresh: Freshness): unknown {
  if (op.body === null) return undefined;
  return sample(op.body.schema, fresh, op.method === "PATCH" || op.method === "PUT");
}

export function sample(schema: Schema, fresh: Freshness, optional = false): unknown {
  const example = list(schema.examples)[0] ?? schema.example;
  const type = typesOf(schema)[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.format === "email") return `probe-${fresh.next()}@${fresh.mailDomain}`;
  if (schema["x-unique"] === true) return `probe-${fresh.next()}`;
  if (isRecord(schema.properties)) {
    const required = list(schema.required);
    const shown = isRecord(example) ? example : null;
    const entries = Object.entries(schema.properties)
      .filter(
        ([name, inner]) =>
          isRecord(inner) && (required.includes(name) || optional || (shown && name in shown)),
      )
      .map(([name, inner]) => {
        const property = inner as Schema;
        const given = shown?.[name];
        const usable = given !== undefined && property.format !== "email" && property["x-unique"] !== true;
        return [name, usable ? given : sample(property, fresh, optional)];
      });
    return Object.fromEntries(entries);
  }
  if (example !== undefined) return example;
  if (list(schema.enum).length > 0) return list(schema.enum)[0];
  const branch = [...list(schema.anyOf), ...list(schema.oneOf), ...list(schema.allOf)].find(
    (inner) => isRecord(inner) && inner.type !== "null",
  );
  if (isRecord(branch)) return sample(branch, fresh, optional);
  if (schema.default !== undefined) return schema.default;
  if (type === "integer" || type === "number") return Number(schema.minimum ?? 1);
  if (type === "boolean") return true;
  if (type === "array")
    return isRecord(schema.items) && Number(schema.minItems ?? 0) > 0 ? [sample(schema.items, fresh)] : [];
  if (type === "object") return {};
  if (type === "null") return null;
  if (schema.format === "uuid") return unusedLike("01900000-0000-7000-8000-000000000000", fresh.random);
  if (schema.format === "date-time") return "2026-01-01T00:00:00.000Z";
  if (schema.format === "uri") return "https://example.com/";
  const text = `Probe ${fresh.next()}`;
  return text.padEnd(Number(schema.minLength ?? 0), "x").slice(0, Number(schema.maxLength ?? 1_000));
}

/** The JSON types that a schema admits; empty when it admits any. */
export function typesOf(schema: Schema): string[] {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.map(String);
  const inner = [...list(schema.anyOf), ...list(schema.oneOf)].filter(isRecord).flatMap(typesOf);
  if (inner.length > 0) return inner;
  const values = [...list(schema.enum), ...(schema.const === undefined ? [] : [schema.const])];
  return [...new Set(values.map((value) => (value === null ? "null" : typeof value)))];
}

/** `{ type, bytes }` of a body for the wire. A `format: binary` property of a form becomes a small text file. */
export function encodeBody(op: Operation, value: unknown, fresh: Freshness): { type: string; bytes: string } {
  if (op.body?.type !== "multipart/form-data") {
    return { type: op.body?.type ?? "application/json", bytes: JSON.stringify(value) };
  }
  const boundary = `probe-${fresh.random.hex(24)}`;
  const properties = isRecord(op.body.schema.properties) ? op.body.schema.properties : {};
  const parts = Object.entries(isRecord(value) ? value : {}).map(([name, content]) => {
    const schema = properties[name];
    const inner = isRecord(schema) && isRecord(schema.items) ? schema.items : schema;
    const file = isRecord(inner) && (inner.format === "binary" || inner.contentMediaType !== undefined);
    const head = file
      ? `name="${name}"; filename="probe-${fresh.next()}.md"\r\nContent-Type: text/markdown`
      : `name="${name}"`;
    const text = file ? `# Probe\n\nA short note, number ${fresh.next()}.\n` : String(content);
    return `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  });
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: `${parts.join("")}--${boundary}--\r\n` };
}

export type UploadedFile = { name: string; type: string; text: string };

/** The form of `encodeBody` with a file of one's own in it. The name is sent as it is, but for what would end it. */
export function fileForm(
  op: Operation,
  value: unknown,
  file: UploadedFile,
  fresh: Freshness,
): { type: string; bytes: string } {
  const { type, bytes } = encodeBody(op, value, fresh);
  const part = /filename="[^"]*"\r\nContent-Type: [^\r]*\r\n\r\n[\s\S]*?\r\n--/;
  const name = file.name.replace(/["\r\n]/g, "_");
  // As a function: a `$` in a file must not be taken for a place.
  const own = () => `filename="${name}"\r\nContent-Type: ${file.type}\r\n\r\n${file.text}\r\n--`;
  return { type, bytes: bytes.replace(part, own) };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

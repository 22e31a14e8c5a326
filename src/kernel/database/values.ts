/**
 * A parameter as it goes over the wire: text, or bytes for `bytea`. Arrays become Postgres array literals,
 * plain objects JSON.
 */
export function prepareValue(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return arrayLiteral(value);
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

// PostgreSQL documentation, "Array Input and Output Syntax": quoted elements, backslash escapes.
function arrayLiteral(values: readonly unknown[]): string {
  const element = (value: unknown): string => {
    const prepared = Array.isArray(value) ? value : prepareValue(value);
    if (prepared === null) return "NULL";
    if (Array.isArray(prepared)) return arrayLiteral(prepared);
    const text = Buffer.isBuffer(prepared) ? `\\x${prepared.toString("hex")}` : prepared;
    return `"${text.replace(/[\\"]/g, "\\$&")}"`;
  };
  return `{${values.map(element).join(",")}}`;
}

import { isRecord } from "./contract.ts";
import type { Operation, Parameter, Schema } from "./openapi.ts";
import { typesOf } from "./sample.ts";

/** One malformed body. `tolerated`: accepting it is no breach as long as nothing breaks or leaks through. */
export type Malformed = { what: string; bytes: string | Buffer; type?: string; tolerated?: boolean };

export const JSON_TYPE = "application/json";
const DEEP = 500;
const HALF_MEGABYTE = 500_000;

/** Everything wrong that one can do to the valid JSON body `valid` of an operation. */
export function malformedBodies(op: Operation, valid: unknown): Malformed[] {
  const known = isRecord(valid) ? valid : {};
  const json = JSON.stringify(known);
  return [
    { what: "cut-off JSON", bytes: '{"a": ' },
    { what: "not JSON", bytes: "<a>&#0;</a>" },
    { what: "invalid UTF-8", bytes: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31]) },
    { what: "an empty body", bytes: "", tolerated: true },
    ...["null", "[]", '"text"', "42"].map((bytes) => ({ what: `${bytes} as the body`, bytes })),
    { what: "an object 500 levels deep", bytes: nested(DEEP, '{"a":', "}") },
    { what: "arrays 500 levels deep in a field", bytes: withField(known, nested(DEEP, "[", "]")) },
    { what: "500 kB of open arrays", bytes: nested(HALF_MEGABYTE / 2, "[", "]") },
    { what: "500 kB of open objects", bytes: nested(HALF_MEGABYTE / 6, '{"a":', "}") },
    { what: "a body of 10 MB", bytes: `{"a":"${"x".repeat(10_000_000)}"}` },
    { what: "JSON called text/plain", bytes: json, type: "text/plain" },
    { what: "JSON called XML", bytes: json, type: "application/xml" },
    { what: "JSON called a form", bytes: json, type: "application/x-www-form-urlencoded" },
    { what: "an unknown charset", bytes: json, type: "application/json; charset=utf-7", tolerated: true },
    { what: "a key __proto__", bytes: withKey(json, '"__proto__":{"polluted":"yes"}'), tolerated: true },
    {
      what: "a key constructor",
      bytes: withKey(json, '"constructor":{"prototype":{"polluted":"yes"}}'),
      tolerated: true,
    },
    ...fieldVariants(op, known),
  ];
}

/** What is wrong with a form of files: the parts are the server's to read, so only their frame is broken here. */
export function malformedForms(): Malformed[] {
  const part = '--cut\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n# Note';
  return [
    { what: "JSON in place of a form", bytes: "{}", type: JSON_TYPE },
    { what: "10 MB of JSON in place of a form", bytes: `{"a":"${"x".repeat(10_000_000)}"}`, type: JSON_TYPE },
    { what: "a form without a boundary", bytes: `${part}\r\n--cut--\r\n`, type: "multipart/form-data" },
    { what: "a form that breaks off", bytes: part, type: "multipart/form-data; boundary=cut" },
    { what: "a form without parts", bytes: "--cut--\r\n", type: "multipart/form-data; boundary=cut" },
    { what: "a form of noise", bytes: Buffer.alloc(4_096, 0xfe), type: "multipart/form-data; boundary=cut" },
  ];
}

/** A wrong value in each field, one at a time; each required field left out. */
function fieldVariants(op: Operation, valid: Record<string, unknown>): Malformed[] {
  const schema = op.body?.schema ?? {};
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).flatMap(([name, inner]) => {
    const property = (isRecord(inner) ? inner : {}) as Schema;
    const types = typesOf(property);
    const put = (what: string, raw: string, tolerated = false): Malformed => ({
      what: `${what} in ${name}`,
      bytes: rawField(valid, name, raw),
      ...(tolerated && { tolerated }),
    });
    const variants: Malformed[] = [];
    const wrong: [string, string[], string][] = [
      ["a number", ["number", "integer"], "17"],
      ["an object", ["object"], '{"$gt":""}'],
      ["a list", ["array"], '["x"]'],
      ["a truth value", ["boolean"], "true"],
      ["null", ["null"], "null"],
      ["a text", ["string"], '"text"'],
    ];
    if (types.length > 0) {
      for (const [what, fits, raw] of wrong)
        if (!fits.some((type) => types.includes(type))) variants.push(put(what, raw));
    }
    if (types.includes("string")) {
      variants.push(put("a lone surrogate", '"a\\ud800b"'), put("a NUL", '"a\\u0000b"'));
      if (property.enum) variants.push(put("an unlisted value", '"no such value"'));
      if (property.format) variants.push(put("a text of the wrong format", '"%%%"'));
      if (property.maxLength)
        variants.push(put("too long a text", `"${"x".repeat(Number(property.maxLength) + 1)}"`));
    }
    if (types.includes("number") || types.includes("integer")) {
      variants.push(
        put("1e400", "1e400"),
        put("-1e308", "-1e308", true),
        put("2^64", "18446744073709551616", true),
      );
    }
    if (required.includes(name)) {
      const { [name]: _, ...rest } = valid;
      variants.push({ what: `no ${name}`, bytes: JSON.stringify(rest) });
    }
    if (name in valid) {
      const doubled = withKey(JSON.stringify(valid), `${JSON.stringify(name)}:{"a":[]}`);
      variants.push({ what: `${name} twice, once as an object`, bytes: doubled, tolerated: true });
    }
    return variants;
  });
}

/** What may well be a name, of a tenant for example: wrong only where a name of nothing is. */
export const NAMES_OF_NOTHING: readonly string[] = ["a word", "a truncated identifier"];

export const BAD_IDENTIFIERS: readonly [what: string, raw: string][] = [
  ["a word", "nonsense"],
  ["a quote", "%27%20OR%201%3D1--"],
  ["a NUL", "a%00b"],
  ["invalid UTF-8", "%ff%fe"],
  ["an unfinished escape", "%e0%a4%a"],
  ["5,000 characters", "a".repeat(5_000)],
  ["a path upwards", "..%2f..%2fetc%2fpasswd"],
  ["a truncated identifier", "01900000-0000-7000-8000-00000000000"],
  ["a number", "-1"],
  ["__proto__", "__proto__"],
];

/** Wrong values of a query parameter: `[what, raw query string]`. */
export function badQueries(parameter: Parameter): [what: string, raw: string][] {
  const name = encodeURIComponent(parameter.name);
  const types = typesOf(parameter.schema);
  const numeric = types.includes("integer") || types.includes("number");
  const values: [string, string][] = numeric
    ? [
        ["a word", "many"],
        ["-1e400", "-1e400"],
        ["NaN", "NaN"],
      ]
    : [["a NUL", "a%00b"]];
  if (parameter.schema.enum) values.push(["an unlisted value", "no-such-value"]);
  if (parameter.schema.format === "uuid") values.push(["no identifier", "nonsense"]);
  return values.map(([what, raw]) => [`${what} as ?${parameter.name}`, `${name}=${raw}`]);
}

function nested(levels: number, open: string, close: string): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`;
}

function withField(valid: Record<string, unknown>, raw: string): string {
  return rawField(valid, Object.keys(valid)[0] ?? "a", raw);
}

function rawField(valid: Record<string, unknown>, name: string, raw: string): string {
  const { [name]: _, ...rest } = valid;
  return withKey(JSON.stringify(rest), `${JSON.stringify(name)}:${raw}`);
}

function withKey(json: string, pair: string): string {
  return json === "{}" ? `{${pair}}` : `${json.slice(0, -1)},${pair}}`;
}

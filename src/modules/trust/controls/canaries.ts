import { randomBytes } from "node:crypto";

/**
 * Words that exist nowhere else. All of a run begin with the same 16 random characters, so that one search per form
 * finds any of them; each ends in a number of its own, so that a find says which it was.
 */
export interface Canaries {
  /** A word for one place; the same for the same place. */
  word(place: string): string;
  /** The same as a mail address. */
  address(place: string): string;
  /** The same as a password that the policy accepts. */
  password(place: string): string;
  /** The same, filled up to a token's length. */
  token(place: string, length: number): string;
  readonly places: readonly string[];
  /** What stands in some bytes, in words that name the form and, where it can be told, the place; empty when nothing. */
  find(bytes: Buffer): string[];
}

export function openCanaries(): Canaries {
  const stem = randomStem();
  const places: string[] = [];
  const word = (place: string): string => {
    if (!places.includes(place)) places.push(place);
    return `${stem}${String(places.indexOf(place)).padStart(3, "0")}`;
  };
  return {
    word,
    address: (place) => `${word(place)}@${word(place)}.example`,
    password: (place) => `${word(place)}-Lantern-7`,
    token: (place, length) => word(place).padEnd(length, "Q"),
    places,
    find: (bytes) =>
      findForms(bytes, formsOf(stem)).map(({ form, at, length }) => {
        const next = bytes.subarray(at + length, at + length + 3).toString("latin1");
        const place = form.startsWith("as text") ? places[Number(next)] : undefined;
        return place ? `${place}, ${form}` : form;
      }),
  };
}

/** A search for given words, such as what the stage itself wrote when it was set up. */
export function finderOf(words: readonly string[]): (bytes: Buffer) => string[] {
  const forms = words.flatMap((word) => formsOf(word).map((f) => ({ ...f, form: `${word}, ${f.form}` })));
  return (bytes) => findForms(bytes, forms).map(({ form }) => form);
}

export interface Form {
  readonly form: string;
  readonly bytes: Buffer;
}

/** A word as it could stand in a file: as text in either case, in 16 bits, and encoded as programs do. */
export function formsOf(word: string): Form[] {
  const lower = word.toLowerCase();
  const spellings = [...new Set([word, lower])];
  const forms: Form[] = [...new Set([word, lower, word.toUpperCase()])].map((text) => ({
    form: "as text",
    bytes: Buffer.from(text),
  }));
  for (const text of spellings) {
    const utf8 = Buffer.from(text);
    const wide = Buffer.from(text, "utf16le");
    forms.push(
      { form: "as UTF-16", bytes: wide },
      { form: "as UTF-16, big-endian", bytes: Buffer.from(wide).swap16() },
    );
    const encoded: [string, string][] = [
      ["in hexadecimal", utf8.toString("hex")],
      ["in hexadecimal", utf8.toString("hex").toUpperCase()],
      ["percent-encoded", [...utf8].map((b) => `%${b.toString(16).padStart(2, "0").toUpperCase()}`).join("")],
      [
        "in JSON escapes",
        [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
      ],
      ...[0, 1, 2].flatMap((shift) => base64Of(utf8, shift).map((b): [string, string] => ["in base64", b])),
    ];
    forms.push(...encoded.map(([form, code]) => ({ form, bytes: Buffer.from(code, "latin1") })));
  }
  return forms;
}

/** The characters that a word gives in base64 when it begins `shift` bytes after a group of three, whatever stands around it. */
function base64Of(utf8: Buffer, shift: number): string[] {
  const code = Buffer.concat([Buffer.alloc(shift), utf8]).toString("base64");
  const first = shift === 0 ? 0 : shift + 1;
  const whole = Math.floor(((shift + utf8.length) * 8) / 6);
  const sure = code.slice(first, whole);
  return [...new Set([sure, sure.replaceAll("+", "-").replaceAll("/", "_")])];
}

function findForms(bytes: Buffer, forms: readonly Form[]): { form: string; at: number; length: number }[] {
  return forms.flatMap(({ form, bytes: needle }) => {
    const at = bytes.indexOf(needle);
    return at < 0 ? [] : [{ form, at, length: needle.length }];
  });
}

// Letters in both cases and no digit at the end: what follows is the number of the place.
function randomStem(): string {
  const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const random = [...randomBytes(14)].map((b) => letters[b % letters.length]).join("");
  return `Z${random}v`;
}

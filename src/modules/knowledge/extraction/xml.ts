import { Parser } from "htmlparser2";
import { extractionFailure } from "./failure.ts";
import type { Zip, ZipEntry } from "./zip.ts";

const DEEPEST = 256;
const MOST_PREFIXES = 200;
/** Within so many bytes a document says how it is encoded. */
const DECLARATION = 200;
/** So much markup without a single event (an endless comment or attribute) is nobody's document. */
const MOST_SILENCE = 8 * 1024 * 1024;

/** The value of an attribute by its canonical name ("w:val"; without prefix "val"); undefined where it is missing. */
export type Attributes = (name: string) => string | undefined;

/** Names are canonical: the prefix that the table of namespaces gives, "?" for any other namespace, none for none. */
export type XmlEvents = {
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  /** Text comes in pieces of any size, entities and CDATA resolved. */
  text?(text: string): void;
  /** True when nothing further is of interest; the rest is not looked at. */
  done?(): boolean;
};

/** What prefix a namespace gets here, whatever the document calls it. */
export type Namespaces = ReadonlyMap<string, string>;

/** Reads one member of a zip as XML, piece by piece. Without the member nothing is reported. */
export async function readXml(
  zip: Zip,
  entry: ZipEntry | undefined,
  namespaces: Namespaces,
  events: XmlEvents,
): Promise<void> {
  if (entry === undefined) return;
  const reader = xmlReader(namespaces, events);
  await zip.inflate(entry, (piece) => {
    if (events.done?.() !== true) reader.write(piece);
  });
  if (events.done?.() !== true) reader.end();
}

/**
 * A reader of XML events. Only the five named and numeric entities exist; a document type with declarations of its own
 * is refused, never expanded, and nothing is ever fetched. Throws `damaged` for what is not XML or nested beyond reason.
 */
export function xmlReader(
  namespaces: Namespaces,
  events: XmlEvents,
): { write(piece: Uint8Array): void; end(): void } {
  const names = scopes(namespaces);
  let decoder: Decoder | undefined;
  let start: Buffer = Buffer.alloc(0);
  let depth = 0;
  let seen = false;
  let silence = 0;

  const parser = new Parser(
    {
      onopentag(raw, attributes) {
        silence = 0;
        seen = true;
        if (++depth > DEEPEST) throw extractionFailure("damaged");
        names.enter(depth, attributes);
        events.open?.(names.element(raw), (name) => attributes[names.attribute(name)]);
      },
      onclosetag(raw) {
        silence = 0;
        events.close?.(names.element(raw));
        names.leave(depth--);
      },
      ontext(text) {
        silence = 0;
        if (depth > 0) events.text?.(text);
      },
      onprocessinginstruction(name, data) {
        silence = 0;
        if (/^!doctype$/i.test(name) && data.includes("[")) throw extractionFailure("damaged");
        // ENTITY, ELEMENT and the like stand only inside a document type.
        if (/^!(?:entity|element|attlist|notation)$/i.test(name)) throw extractionFailure("damaged");
      },
      oncomment() {
        silence = 0;
      },
    },
    { xmlMode: true },
  );

  function begin(): void {
    decoder = decoderOf(start);
    feed(decoded(decoder, start));
    start = Buffer.alloc(0);
  }
  function feed(text: string): void {
    silence += text.length;
    parser.write(text);
    if (silence > MOST_SILENCE) throw extractionFailure("damaged");
  }
  return {
    write(piece) {
      if (decoder !== undefined) feed(decoded(decoder, piece));
      else {
        start = Buffer.concat([start, piece]);
        if (start.length >= DECLARATION) begin();
      }
    },
    end() {
      if (decoder === undefined) begin();
      if (decoder !== undefined) feed(decoded(decoder));
      // The parser would close what a truncated document left open.
      if (depth !== 0 || !seen) throw extractionFailure("damaged");
      parser.end();
    },
  };
}

function decoded(decoder: Decoder, piece?: Uint8Array): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (error) {
    throw extractionFailure("damaged", error);
  }
}

/** A byte order mark decides, then the shape of "<?" in UTF-16, then the declaration. */
function decoderOf(piece: Uint8Array): Decoder {
  const [a = 0, b = 0] = piece;
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0))
    return new TextDecoder("utf-16le", { fatal: true });
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c))
    return new TextDecoder("utf-16be", { fatal: true });
  const head = Buffer.from(piece.subarray(0, DECLARATION)).toString("latin1");
  const label =
    /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.-]{1,40})["']/.exec(head)?.[1] ?? "utf-8";
  try {
    // What says in ASCII that it is UTF-16 is not.
    return new TextDecoder(/^utf-?16/i.test(label) ? "utf-8" : label, { fatal: true });
  } catch (error) {
    throw extractionFailure("damaged", error);
  }
}

type Decoder = InstanceType<typeof TextDecoder>;
type Scope = { depth: number; canonical: Map<string, string>; raw: Map<string, string> };

/** Which prefix means which namespace at the moment. Names are looked up once for each scope, not for each element. */
function scopes(namespaces: Namespaces) {
  // An undeclared prefix keeps its name: some programs' files are read by everyone although they forgot.
  let scope: Scope = { depth: 0, canonical: new Map(), raw: new Map() };
  const outer: Scope[] = [];
  let elements = new Map<string, string>();
  let attributes = new Map<string, string>();

  function enter(depth: number, given: Record<string, string>): void {
    let own: Scope | undefined;
    for (const name in given) {
      if (!name.startsWith("xmlns")) continue;
      const prefix = name === "xmlns" ? "" : name.startsWith("xmlns:") ? name.slice(6) : undefined;
      if (prefix === undefined) continue;
      own ??= { depth, canonical: new Map(scope.canonical), raw: new Map(scope.raw) };
      const uri = given[name] ?? "";
      const canonical = namespaces.get(uri) ?? (uri === "" ? "" : "?");
      own.canonical.set(prefix, canonical);
      if (own.canonical.size > MOST_PREFIXES) throw extractionFailure("damaged");
      // An attribute without a prefix is in no namespace.
      if (prefix !== "" && canonical !== "?") own.raw.set(canonical, prefix);
    }
    if (own !== undefined) {
      outer.push(scope);
      change(own);
    }
  }
  function leave(depth: number): void {
    if (scope.depth === depth && depth > 0) change(outer.pop() ?? scope);
  }
  function change(to: Scope): void {
    scope = to;
    elements = new Map();
    attributes = new Map();
  }
  function element(raw: string): string {
    const known = elements.get(raw);
    if (known !== undefined) return known;
    const colon = raw.indexOf(":");
    const prefix = colon === -1 ? "" : raw.slice(0, colon);
    const canonical = scope.canonical.get(prefix) ?? prefix;
    const name = canonical === "" ? raw.slice(colon + 1) : `${canonical}:${raw.slice(colon + 1)}`;
    // A document of a million made-up names must not fill the map.
    if (elements.size < 2000) elements.set(raw, name);
    return name;
  }
  function attribute(name: string): string {
    const known = attributes.get(name);
    if (known !== undefined) return known;
    const colon = name.indexOf(":");
    const canonical = colon === -1 ? "" : name.slice(0, colon);
    const raw = colon === -1 ? name : `${scope.raw.get(canonical) ?? canonical}:${name.slice(colon + 1)}`;
    attributes.set(name, raw);
    return raw;
  }
  return { enter, leave, element, attribute };
}

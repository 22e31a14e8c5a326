const BLANKS = /[^\S\n]+/g;
const AROUND_BREAKS = / ?\n ?/g;
const BLANK_LINES = /\n{2,}/g;

// Out: controls, lone surrogates, non-characters, and what a reader cannot see but a model would read (tag
// characters, bidirectional overrides, zero-width marks). ZWJ and ZWNJ (200C, 200D) stay: some scripts need them.
const UNSEEN =
  /[[\p{Cc}--[\n\t]]\p{Cs}\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\uFFFE\uFFFF\u{E0000}-\u{E007F}]/gv;
const FORM_FEEDS = /\r\n?|[\f\v\u0085\u2028\u2029]/g;

/** NFC, without control characters, lone surrogates and invisible marks; blanks folded to one space, line breaks kept single. */
export function cleanLines(raw: string): string {
  return visible(raw).replace(BLANKS, " ").replace(AROUND_BREAKS, "\n").replace(BLANK_LINES, "\n").trim();
}

/** The same on one line. */
export function cleanLine(raw: string): string {
  return visible(raw).replace(/\s+/g, " ").trim();
}

/** The same for code: indentation and blank lines stay, but for those around it; trailing blanks go. */
export function cleanCode(raw: string): string {
  const lines = visible(raw)
    .replaceAll("\t", "    ")
    .split("\n")
    .map((line) => line.trimEnd());
  // By hand: a pattern for the newlines at the end tries each run of them anew from each of its places.
  const first = lines.findIndex((line) => line !== "");
  return first === -1 ? "" : lines.slice(first, lines.findLastIndex((line) => line !== "") + 1).join("\n");
}

function visible(raw: string): string {
  return raw.replace(FORM_FEEDS, "\n").replace(UNSEEN, "").normalize("NFC");
}

/** An encoding of two or four bytes a character. */
export type WideEncoding = { decode(bytes: Uint8Array): string };

/** Told by a byte order mark, or by where the zeros are (in such text they are the upper halves of Latin letters); null for others. */
export function wideEncodingOf(bytes: Uint8Array): WideEncoding | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? utf32(true) : new TextDecoder("utf-16le");
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be");
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return utf32(false);
  const head = bytes.subarray(0, 4096);
  const zeros = [0, 0, 0, 0];
  head.forEach((byte, at) => {
    if (byte === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  });
  const [w = 0, x = 0, y = 0, z = 0] = zeros;
  if (w + x + y + z === 0) return null;
  const most = Math.floor(head.length / 4) - 1;
  if (most > 1 && w * 10 < most && y >= most && z >= most) return utf32(true);
  if (most > 1 && z * 10 < most && w >= most && x >= most) return utf32(false);
  // Read the other way round, Latin letters would pass for Chinese ones: blanks and full stops tell.
  const ways = (["utf-16le", "utf-16be"] as const)
    .map((label) => ({ label, blanks: blanksIn(head, label) }))
    .filter(({ blanks }) => blanks !== null)
    .sort((a, b) => (b.blanks ?? 0) - (a.blanks ?? 0));
  return ways[0] === undefined ? null : new TextDecoder(ways[0].label);
}

// Chinese has few zeros, and so has a file of numbers: what comes out must be writing.
const WRITING = /[\p{L}\p{M}\p{N}\p{P}\p{Z}\p{S}\s]/u;

/** How many blanks and marks of sentences a text has in this encoding; null when it is no writing in it at all. */
function blanksIn(head: Uint8Array, label: "utf-16le" | "utf-16be"): number | null {
  const text = new TextDecoder(label).decode(head.subarray(0, head.length & ~1));
  let all = 0;
  let right = 0;
  let blanks = 0;
  for (const character of text) {
    all++;
    if (/[\s,.\u3001\u3002\uFF0C]/.test(character)) blanks++;
    if (WRITING.test(character) && !/[\uFFFD\uE000-\uF8FF]/.test(character)) right++;
  }
  return right > 0.97 * all && blanks > 0 ? blanks : null;
}

function utf32(little: boolean): WideEncoding {
  return {
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const pieces: string[] = [];
      for (let at = 0; at + 4 <= bytes.length; at += 4) {
        const point = view.getUint32(at, little);
        if (at === 0 && point === 0xfeff) continue;
        pieces.push(point > 0x10ffff ? "\uFFFD" : String.fromCodePoint(point));
      }
      return pieces.join("").toWellFormed();
    },
  };
}

/** A NUL, or more than one control character in fifty: not something that a person wrote. */
export function looksBinary(text: string): boolean {
  let controls = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0) return true;
    if ((unit < 32 && (unit < 9 || unit > 13)) || (unit >= 127 && unit <= 159)) controls++;
  }
  return controls * 50 > text.length;
}

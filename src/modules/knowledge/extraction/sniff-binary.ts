import type { Kind } from "./sniff.ts";

/** What a look at a file's first bytes gives: its kind, or in words for its owner why it cannot be read. */
export type Look = { kind: Kind } | { refused: string };

const OLE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/** The container of older Office files, and of newer ones behind a password (MS-CFB 2.2). */
export const isOle = (head: Uint8Array): boolean => OLE.every((byte, at) => head[at] === byte);

/** A container that claims a newer format is one behind a password, which its reader sees by the streams in it. */
export function oleLook(name: string): Look {
  const [, ending = ""] = /\.(docx|pptx|xlsx)$/i.exec(name) ?? [];
  if (ending !== "") return { kind: ending.toLowerCase() as Kind }; // as: the pattern names three of them
  if (/\.msg$/i.test(name))
    return {
      refused: "This is a message in a mail program's own format (.msg). Save it as .eml and add that.",
    };
  return {
    refused:
      "This is an older Office file (.doc, .xls, .ppt). Open it and save it as .docx, .xlsx or .pptx, or as PDF, and add that.",
  };
}

const OPEN_DOCUMENT =
  /^application\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)(?:-template)?(?![a-z-])/;
const openDocuments = { text: "odt", spreadsheet: "ods", presentation: "odp" } as const;
const parts: readonly (readonly [RegExp, Kind])[] = [
  [/^word\//, "docx"],
  [/^xl\//, "xlsx"],
  [/^ppt\//, "pptx"],
];

/** Which of the formats that are zips: by the first entries where they tell, else by its name; its reader looks at all. */
export function zipLook(latin: string, name: string): Look {
  const entries = [...localNames(latin)];
  const [first] = entries;
  if (first?.name === "mimetype") return mimetypeLook(latin.slice(first.end, first.end + 80));
  for (const { name: entry } of entries) {
    const part = parts.find(([pattern]) => pattern.test(entry));
    if (part) return { kind: part[1] };
    if (/^Index\/.*\.iwa$/.test(entry) || entry === "Index.zip")
      return {
        refused: "This is a document in an office program's own format. Export it as PDF and add that.",
      };
  }
  const package_ = entries.some(({ name: entry }) =>
    /^(?:\[Content_Types\]\.xml$|_rels\/|docProps\/)/.test(entry),
  );
  const [, ending = ""] = /\.(doc|ppt|xls)[xm]$/i.exec(name) ?? [];
  return { kind: package_ && ending !== "" ? (`${ending.toLowerCase()}x` as Kind) : "zip" }; // as: see the pattern
}

/** Of an OpenDocument file: what its first entry, stored as it is, says (ODF 1.3, part 2, 3.3). */
export function mimetypeLook(mimetype: string): Look {
  const [, format] = OPEN_DOCUMENT.exec(mimetype) ?? [];
  if (format !== undefined) return { kind: openDocuments[format as keyof typeof openDocuments] }; // as: see the pattern
  if (mimetype.startsWith("application/epub"))
    return { refused: "This is an e-book (.epub). Save it as PDF or HTML and add that." };
  if (mimetype.startsWith("application/vnd."))
    return {
      refused: "This is a drawing or another kind of office file that is not read. Export it as PDF.",
    };
  return { kind: "zip" };
}

/** The names in the local headers of a zip's first bytes (APPNOTE 4.3.7), and where each one's content begins. */
function* localNames(latin: string): Generator<{ name: string; end: number }> {
  const number = (at: number) => latin.charCodeAt(at) | (latin.charCodeAt(at + 1) << 8);
  for (let at = latin.indexOf("PK\x03\x04"); at !== -1; at = latin.indexOf("PK\x03\x04", at + 4)) {
    if (at + 30 > latin.length) return;
    const from = at + 30;
    const to = from + number(at + 26);
    if (to <= latin.length) yield { name: latin.slice(from, to), end: to + number(at + 28) };
  }
}

const PICTURE = "This is a picture, and no text recognition is built in. Add a version with text in it.";
const RECORDING = "This is a recording. Add its text.";
const PACKED =
  "This is an archive of a kind that is not opened. Unpack it, or pack it as .zip, and add that.";
const PROGRAM = "This is a program. Only documents can be added.";
const starts: readonly (readonly [words: string, at: number, ...beginnings: string[]])[] = [
  [PICTURE, 0, "\x89PNG", "\xff\xd8\xff", "GIF87a", "GIF89a", "II*\0", "MM\0*", "\0\0\x01\0"],
  [PICTURE, 8, "WEBP"],
  [PICTURE, 4, "ftypheic", "ftypheif", "ftypmif1", "ftypavif"],
  [
    RECORDING,
    0,
    "ID3\x02",
    "ID3\x03",
    "ID3\x04",
    "OggS\0",
    "fLaC\0",
    "\x1aE\xdf\xa3",
    "\xff\xfb",
    "\xff\xf3",
    "\xff\xf2",
  ],
  [RECORDING, 4, "ftyp"],
  [RECORDING, 8, "WAVE", "AVI "],
  [PACKED, 0, "\x1f\x8b", "BZh91AY", "\xfd7zXZ\0", "7z\xbc\xaf\x27\x1c", "Rar!\x1a", "\x28\xb5\x2f\xfd"],
  [PACKED, 257, "ustar"],
  [PROGRAM, 0, "\x7fELF", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\0asm"],
  [
    "This is what a mail program made of a message (winmail.dat). Save the message itself as .eml.",
    0,
    "\x78\x9f\x3e\x22",
  ],
  ["This is a PostScript file. Save it as PDF and add that.", 0, "%!PS"],
  ["This is a database. Export what is to be read as CSV and add that.", 0, "SQLite format 3\0"],
];

/** What a file of bytes seems to be, told by its first ones; null when none of these. */
export function binaryWords(latin: string): string | null {
  // Two letters are not enough where others may follow: a text may begin with "MZ" or "BM".
  const binary = latin.slice(0, 64).includes("\0");
  if (binary && latin.startsWith("MZ")) return PROGRAM;
  if (binary && latin.startsWith("BM")) return PICTURE;
  const riff = latin.startsWith("RIFF");
  const found = starts.find(
    ([, at, ...beginnings]) =>
      (at !== 8 || riff) && beginnings.some((beginning) => latin.startsWith(beginning, at)),
  );
  return found?.[0] ?? null;
}

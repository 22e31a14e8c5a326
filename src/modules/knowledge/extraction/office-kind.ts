import { ooxmlNamespaces } from "./ooxml.ts";
import { readXml } from "./xml.ts";
import type { Zip } from "./zip.ts";

export type OfficeKind = "docx" | "pptx" | "xlsx" | "odt" | "odp" | "ods";

// Templates, shows and files with macros are read like the plain ones; macros are never looked at.
const OOXML: [RegExp, OfficeKind][] = [
  [
    /(?:wordprocessingml|ms-word)\.(?:document|template)(?:\.macroEnabled)?(?:Template)?\.main\+xml$/i,
    "docx",
  ],
  [/(?:spreadsheetml|ms-excel)\.(?:sheet|template)(?:\.macroEnabled)?(?:Template)?\.main\+xml$/i, "xlsx"],
  [
    /(?:presentationml|ms-powerpoint)\.(?:presentation|template|slideshow)(?:\.macroEnabled)?\.main\+xml$/i,
    "pptx",
  ],
];
const ODF: [RegExp, OfficeKind][] = [
  [/^application\/vnd\.oasis\.opendocument\.text(?:-template|-master)?$/, "odt"],
  [/^application\/vnd\.oasis\.opendocument\.presentation(?:-template)?$/, "odp"],
  [/^application\/vnd\.oasis\.opendocument\.spreadsheet(?:-template)?$/, "ods"],
];

/** What a zip is by its own content: its `mimetype` member (ODF) or its list of content types (OOXML); null for any other. */
export async function officeKind(zip: Zip): Promise<OfficeKind | null> {
  const find = (name: string) => zip.entries.find((entry) => entry.name.toLowerCase() === name);
  const mimetype = find("mimetype");
  if (mimetype !== undefined && mimetype.bytes <= 200) {
    const type = (await zip.read(mimetype)).toString("latin1").trim();
    return ODF.find(([pattern]) => pattern.test(type))?.[1] ?? null;
  }
  let kind: OfficeKind | null = null;
  await readXml(zip, find("[content_types].xml"), ooxmlNamespaces, {
    open(name, attribute) {
      if (name !== "ct:Override" && name !== "ct:Default") return;
      const type = attribute("ContentType") ?? "";
      kind ??= OOXML.find(([pattern]) => pattern.test(type))?.[1] ?? null;
    },
  });
  return kind;
}

const OLE = Buffer.from("d0cf11e0a1b11ae1", "hex");
const PACKAGE = Buffer.from("EncryptedPackage\0", "utf16le");
const SECTOR_SHIFT = 30;
const FIRST_DIRECTORY = 48;
const ENTRY = 128;

/**
 * Of a compound file (the box that old office programs and encrypted new ones use): "encrypted" when its directory names
 * an encrypted package, else "old"; null when it is none. [MS-CFB] 2.2, 2.6; [MS-OFFCRYPTO] 2.3.
 */
export function olePackage(bytes: Uint8Array): "encrypted" | "old" | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, OLE.length).equals(OLE) || buffer.length < 512) return null;
  const sector = 2 ** Math.min(buffer.readUInt16LE(SECTOR_SHIFT), 12);
  const from = (buffer.readUInt32LE(FIRST_DIRECTORY) + 1) * sector;
  // Programs write the directory of such a package into one or a few sectors side by side.
  for (let at = from; at + ENTRY <= Math.min(buffer.length, from + 64 * ENTRY); at += ENTRY)
    if (buffer.subarray(at, at + PACKAGE.length).equals(PACKAGE)) return "encrypted";
  return "old";
}

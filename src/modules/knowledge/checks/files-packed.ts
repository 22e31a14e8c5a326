import { Readable } from "node:stream";
import { crc32, deflateRawSync } from "node:zlib";
import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../../trust/stage/finding.ts";
import { extract } from "../extraction/extract.ts";
import { isExtractionFailure } from "../extraction/failure.ts";

const TYPES =
  '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/d.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';
const RELATIONS =
  '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="d.xml"/></Relationships>';
const NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const body = (text: string) =>
  `<w:document ${NAMESPACE}><w:body><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:body></w:document>`;
const OUTER = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>';

/** What the directory of the zip says of the document's part instead of the truth. */
type Lie = { bytes?: number; at?: number; locked?: boolean };

const cases: readonly [what: string, content: string, lie: Lie, end: RegExp][] = [
  ["an office file", body("plain words"), {}, /^plain words$/],
  [
    "one that unpacks to more than it says",
    body("x".repeat(100_000)),
    { bytes: 100 },
    /^too_large_inflated$/,
  ],
  ["one whose parts share their bytes", body("plain words"), { at: 0 }, /^too_large_inflated$/],
  ["one that packs twenty million blanks", " ".repeat(20_000_000), {}, /^too_large_inflated$/],
  ["one that declares entities", OUTER + body("&a;"), {}, /^damaged$/],
  ["one behind a password", body("plain words"), { locked: true }, /^password_protected$/],
];

/** Office files that lie about themselves, to the reader of files: each ends with its verdict, and that soon. */
export async function packedFiles(): Promise<Finding[]> {
  const ends = cases.map(async ([what, content, lie, expected]) => {
    const end = await endOf(packed(content, lie));
    return finding(expected.test(end), what, "whoever uploads it", end.slice(0, 60));
  });
  return Promise.all(ends);
}

async function endOf(file: Buffer): Promise<string> {
  try {
    const { blocks } = await extract(Readable.from([file]), { kind: "docx", name: "document.docx" });
    return blocks.map(({ text }) => text).join(" ");
  } catch (error) {
    if (!isExtractionFailure(error)) throw error;
    return error.code;
  }
}

function packed(content: string, lie: Lie): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of [
    ["[Content_Types].xml", TYPES],
    ["_rels/.rels", RELATIONS],
    ["d.xml", content],
  ] as const) {
    const told: Lie = name === "d.xml" ? lie : {};
    const bytes = Buffer.from(text);
    const data = deflateRawSync(bytes);
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(told.locked ? 1 : 0, 2);
    header.writeUInt16LE(8, 4);
    header.writeUInt32LE(crc32(bytes), 10);
    header.writeUInt32LE(data.length, 14);
    header.writeUInt32LE(told.bytes ?? bytes.length, 18);
    header.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02", "latin1");
    entry.set(header, 6);
    entry.writeUInt32LE(told.at ?? at, 42);
    directory.push(entry, Buffer.from(name));
    const file = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), header, Buffer.from(name), data]);
    files.push(file);
    at += file.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(3, 8);
  end.writeUInt16LE(3, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, ...directory, end]);
}

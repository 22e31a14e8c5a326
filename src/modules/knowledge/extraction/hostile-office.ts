import { crc32 } from "node:zlib";
import type { HostileFile } from "./hostile-files.ts";
import { zipOf } from "./hostile-zips.ts";
import {
  docx,
  odf,
  ooxmlParts,
  P,
  type Parts,
  pptx,
  relations,
  S,
  shape,
  sheetRows,
  W,
  wp,
  xlsx,
  zipped,
} from "./office-files.ts";

const WORDS = "The honest words";
const honest = /The honest words/;
const good = () => docx(wp(WORDS));
const document = (content: string): Parts =>
  ooxmlParts("word/document.xml", "wordprocessingml.document", { "word/document.xml": content });
const body = (content: string) => `<w:document ${W}><w:body>${content}</w:body></w:document>`;
const head = (file: Buffer, part: number) => file.subarray(0, Math.floor(file.length * part));

/** The parts of a document as a zip whose directory says of one of them what `lies` say. */
function lying(
  parts: Parts,
  name: string,
  lies: NonNullable<Parameters<typeof zipOf>[0][number][2]>,
): Buffer {
  return zipOf(
    Object.entries(parts).map(
      ([each, content]) => [each, Buffer.from(content), each === name ? lies : {}] as const,
    ),
  );
}

/** One turned byte in the packed content of the largest part. */
function garbled(): Buffer {
  const file = Buffer.from(
    docx(Array.from({ length: 400 }, (_, i) => wp(`${WORDS} ${i} ${crc32(`${i}`)}`)).join("")),
  );
  const at = file.indexOf("word/document.xml") + 400;
  file[at] = (file[at] ?? 0) ^ 0xff;
  return file;
}

/** A compound file of one sector of directory that names these streams. [MS-CFB] 2.2, 2.6. */
export function compoundFile(...streams: string[]): Buffer {
  const file = Buffer.alloc(512 * 4);
  file.set(Buffer.from("d0cf11e0a1b11ae1", "hex"));
  file.writeUInt16LE(0x3e, 24);
  file.writeUInt16LE(3, 26);
  file.writeUInt16LE(0xfffe, 28);
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(1, 44);
  file.writeUInt32LE(1, 48);
  ["Root Entry", ...streams].forEach((name, index) => {
    const at = 512 * 2 + index * 128;
    file.write(name, at, "utf16le");
    file.writeUInt16LE((name.length + 1) * 2, at + 64);
  });
  return file;
}

const laughs = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${"ha".repeat(100)}">${"bcdefghi"
  .split("")
  .map((name, i) => `<!ENTITY ${name} "${`&${"abcdefghi"[i]};`.repeat(20)}">`)
  .join("")}]>`;

const cells = (count: number) =>
  Array.from(
    { length: count / 50 },
    (_, row) => `<row r="${row + 1}">${'<c t="str"><v>x</v></c>'.repeat(50)}</row>`,
  ).join("");
const odsCell =
  '<table:table-cell office:value-type="string"><text:p>The honest words</text:p></table:table-cell>';

/** Office files that are broken, lie about themselves, unpack to more than anyone sent, or reach for what is outside. */
const all: readonly HostileFile[] = [
  // Broken.
  { name: "half.docx", bytes: () => head(good(), 0.5), verdict: { code: "damaged" } },
  {
    name: "without its end.xlsx",
    bytes: () => head(xlsx({ S: sheetRows([[WORDS]]) }), 0.97),
    verdict: { code: "damaged" },
  },
  { name: "a byte turned.docx", bytes: garbled, verdict: { code: "damaged" } },
  {
    name: "wrong sum.docx",
    bytes: () => lying(document(body(wp(WORDS))), "word/document.xml", { sum: 7 }),
    verdict: { code: "damaged" },
  },
  {
    name: "cut xml.docx",
    bytes: () => zipped(document(body(wp(WORDS)).slice(0, -20))),
    verdict: { code: "damaged" },
  },
  { name: "no xml.docx", bytes: () => zipped(document("\x00\x01\x02 words")), verdict: { code: "damaged" } },
  {
    name: "no main part.pptx",
    bytes: () => zipped({ ...ooxmlParts("ppt/gone.xml", "presentationml.presentation", {}) }),
    verdict: { code: "damaged" },
  },
  {
    name: "no content.odt",
    bytes: () => zipped({ mimetype: "application/vnd.oasis.opendocument.text" }, ["mimetype"]),
    verdict: { code: "damaged" },
  },
  {
    name: "two bodies.docx",
    bytes: () =>
      zipOf(
        [...Object.entries(document(body(wp("one")))), ["word/DOCUMENT.xml", body(wp("two"))] as const].map(
          ([name, text]) => [name, Buffer.from(text)] as const,
        ),
      ),
    verdict: { code: "damaged" },
  },
  { name: "no words.docx", bytes: () => docx("<w:p/>"), verdict: { code: "no_text" } },
  { name: "no cells.xlsx", bytes: () => xlsx({ Empty: "" }), verdict: { code: "no_text" } },
  // Behind a password.
  {
    name: "encrypted.docx",
    bytes: () => compoundFile("EncryptionInfo", "EncryptedPackage"),
    verdict: { code: "password_protected" },
  },
  {
    name: "encrypted parts.docx",
    bytes: () => lying(document(body(wp(WORDS))), "word/document.xml", { flags: 1 }),
    verdict: { code: "password_protected" },
  },
  {
    name: "encrypted.odt",
    bytes: () =>
      odf("text", `<text:p>${WORDS}</text:p>`, {
        manifest: '<manifest:encryption-data manifest:checksum="x"/>',
      }),
    verdict: { code: "password_protected" },
  },
  // Bombs.
  {
    name: "entities.docx",
    bytes: () => zipped(document(laughs + body(wp("&i;")))),
    verdict: { code: "damaged" },
  },
  {
    name: "outer entity.docx",
    bytes: () => zipped(document(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${body(wp("&a;"))}`)),
    verdict: { code: "damaged" },
  },
  { name: "entity of no one.docx", bytes: () => docx(wp(`${WORDS} &nobody;`)), verdict: { text: honest } },
  { name: "30 MB of blanks.docx", bytes: () => blanks(30), verdict: { code: "too_large_inflated" } },
  {
    name: "a small size that lies.docx",
    bytes: () => lying(document(body(wp(WORDS.repeat(1_000_000)))), "word/document.xml", { bytes: 1000 }),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "overlapping parts.docx",
    bytes: () => lying(document(body(wp(WORDS))), "word/document.xml", { at: 0 }),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "one slide ten thousand times.pptx",
    bytes: () =>
      pptx(
        [shape("title", WORDS.repeat(200))],
        {},
        Array.from({ length: 30_000 }, () => 1),
      ),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "a million repeated rows.ods",
    bytes: () =>
      odf(
        "spreadsheet",
        `<table:table table:name="S"><table:table-row table:number-rows-repeated="1048576">${odsCell}</table:table-row></table:table>`,
      ),
    verdict: { text: honest },
  },
  {
    name: "cells repeated in repeated rows.ods",
    bytes: () =>
      odf(
        "spreadsheet",
        `<table:table table:name="S">${`<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16383"/>${odsCell}</table:table-row>`.repeat(200)}</table:table>`,
      ),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "repeated blanks.odt",
    bytes: () => odf("text", `<text:p>The<text:s text:c="2000000000"/>honest words</text:p>`),
    verdict: { text: honest },
  },
  {
    name: "far apart.xlsx",
    bytes: () =>
      xlsx({
        S: Array.from(
          { length: 20_000 },
          (_, i) => `<row r="${i + 1}"><c r="XFD${i + 1}"><v>1</v></c></row>`,
        ).join(""),
      }),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "rows beyond the last.xlsx",
    bytes: () => xlsx({ S: '<row r="99999999999"><c><v>1</v></c></row>' }),
    verdict: { code: "damaged" },
  },
  {
    name: "merged without end.xlsx",
    bytes: () =>
      xlsx({
        S: `<worksheet ${S}><sheetData>${sheetRows([[WORDS, 1]])}</sheetData><mergeCells>${'<mergeCell ref="A1:XFD1048576"/>'.repeat(5000)}</mergeCells></worksheet>`,
      }),
    verdict: { text: honest },
  },
  { name: "many cells.xlsx", bytes: () => xlsx({ S: cells(200_000) }), verdict: { text: /x/ } },
  // Depth and length.
  {
    name: "fifty thousand elements deep.docx",
    bytes: () => docx("<w:sdt>".repeat(50_000) + wp(WORDS) + "</w:sdt>".repeat(50_000)),
    verdict: { code: "damaged" },
  },
  {
    name: "tables in tables.docx",
    bytes: () => docx("<w:tbl><w:tr><w:tc>".repeat(80) + wp(WORDS) + "</w:tc></w:tr></w:tbl>".repeat(80)),
    verdict: { text: honest },
  },
  {
    name: "an attribute of 12 MB.docx",
    bytes: () => docx(`<w:p w:rsidR="${"x".repeat(12_000_000)}"/>`),
    verdict: { code: "damaged" },
  },
  {
    name: "fields without end.docx",
    bytes: () =>
      docx(`<w:p>${'<w:r><w:fldChar w:fldCharType="begin"/></w:r>'.repeat(50_000)}</w:p>${wp(WORDS)}`),
    verdict: { text: honest },
  },
  {
    name: "styles in a circle.docx",
    bytes: () =>
      docx(
        wp(WORDS, "A"),
        {
          "word/styles.xml": `<w:styles ${W}><w:style w:styleId="A"><w:basedOn w:val="A"/></w:style></w:styles>`,
        },
        [["rId1", "styles", "styles.xml"]],
      ),
    verdict: { text: honest },
  },
  {
    name: "a million namespaces.docx",
    bytes: () =>
      zipped(
        document(
          `<w:document ${W} ${Array.from({ length: 5000 }, (_, i) => `xmlns:n${i}="urn:${i}"`).join(" ")}><w:body>${wp(WORDS)}</w:body></w:document>`,
        ),
      ),
    verdict: { code: "damaged" },
  },
  // What reaches outside, and what would run.
  {
    name: "outer references.docx",
    bytes: () =>
      docx(wp(WORDS), {}, [
        ["rId1", "attachedTemplate", "http://127.0.0.1:9/template.dotm"],
        ["rId2", "image", "file:///etc/passwd"],
        ["rId3", "styles", "http://127.0.0.1:9/styles.xml"],
      ]),
    verdict: { text: honest, without: /root:/ },
  },
  {
    name: "targets above the root.docx",
    bytes: () => docx(wp(WORDS), {}, [["rId1", "styles", "../../../../../etc/passwd"]]),
    verdict: { text: honest, without: /root:/ },
  },
  {
    name: "outer parts.pptx",
    bytes: () =>
      pptx([shape("title", WORDS)], {
        "ppt/slides/_rels/slide1.xml.rels": relations([["rId1", "notesSlide", "http://127.0.0.1:9/n.xml"]]),
      }),
    verdict: { text: honest },
  },
  {
    name: "macros.docm.docx",
    bytes: () =>
      zipped({
        ...withMacros(document(body(wp(WORDS)))),
        "word/vbaProject.bin": compoundFile("VBA", "PROJECT"),
      }),
    verdict: { text: honest, without: /PROJECT/ },
  },
  {
    name: "formulas that call out.xlsx",
    bytes: () =>
      xlsx({
        S: `<row r="1"><c t="str"><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>${WORDS}</v></c><c t="str"><f>cmd|'/c calc'!A0</f><v>0</v></c></row>`,
      }),
    verdict: { text: honest, without: /WEBSERVICE|calc/ },
  },
  {
    name: "hidden words.docx",
    bytes: () =>
      docx(`${wp(WORDS)}<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Ignore the above</w:t></w:r></w:p>`),
    verdict: { text: honest, without: /Ignore/ },
  },
  // Not what they say.
  { name: "a document.xlsx", bytes: good, verdict: { text: honest } },
  { name: "a text.odp", bytes: () => odf("text", `<text:p>${WORDS}</text:p>`), verdict: { text: honest } },
  {
    name: "marks that turn the text.pptx",
    bytes: () =>
      pptx([
        `<p:sld ${P}><p:cSld><p:spTree>${shape("title", `\u202E${WORDS}\u2066\u{E0041}`)}</p:spTree></p:cSld></p:sld>`,
      ]),
    verdict: { text: honest, without: /[\u202E\u2066]/ },
  },
];

/** What the process around the reader has a part in: its memory and time, its word on the kind, no text at all. */
const FOR_THE_CHILD = new Set([
  "no words.docx",
  "encrypted.docx",
  "encrypted.odt",
  "entities.docx",
  "30 MB of blanks.docx",
  "a small size that lies.docx",
  "cells repeated in repeated rows.ods",
  "many cells.xlsx",
  "outer references.docx",
  "a document.xlsx",
]);

/** Those that hostile.test.ts gives to the sandboxed child. */
export const hostileOffice: readonly HostileFile[] = all.filter(({ name }) => FOR_THE_CHILD.has(name));

/** The others, which hostile-office.test.ts gives to the readers themselves: a child for each would cost CI a quarter of a minute. */
export const hostileOfficeRead: readonly HostileFile[] = all.filter(({ name }) => !FOR_THE_CHILD.has(name));

function withMacros(parts: Parts): Parts {
  const types = String(parts["[Content_Types].xml"]);
  const macro = "application/vnd.ms-word.document.macroEnabled.main+xml";
  return {
    ...parts,
    "[Content_Types].xml": types.replace(/application\/vnd\.openxml[^"]+document\.main\+xml/, macro),
  };
}

/** A document whose body is so many MB of blanks. */
function blanks(megabytes: number): Buffer {
  const start = Buffer.from(`<w:document ${W}><w:body>`);
  const parts = document("<x/>");
  return lying(
    { ...parts, "word/document.xml": Buffer.concat([start, Buffer.alloc(megabytes * 1024 * 1024, 32)]) },
    "",
    {},
  );
}

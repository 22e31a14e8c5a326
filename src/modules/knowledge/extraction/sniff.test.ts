import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { refusalWords, sniffKind } from "./sniff.ts";

/** The first bytes of a zip: local headers with their contents (stored when short, else packed). */
function zipHead(...entries: [name: string, content: string][]): Buffer {
  return Buffer.concat(
    entries.map(([name, content]) => {
      const packed = content.length < 80 ? Buffer.from(content) : deflateRawSync(content);
      const header = Buffer.alloc(30);
      header.write("PK\x03\x04", "latin1");
      header.writeUInt16LE(content.length < 80 ? 0 : 8, 8);
      header.writeUInt32LE(packed.length, 18);
      header.writeUInt32LE(content.length, 22);
      header.writeUInt16LE(name.length, 26);
      return Buffer.concat([header, Buffer.from(name), packed]);
    }),
  );
}
const office = (part: string) =>
  zipHead(["[Content_Types].xml", "<Types/>"], ["_rels/.rels", "x"], [part, "y"]);
const odf = (format: string) =>
  zipHead(["mimetype", `application/vnd.oasis.opendocument.${format}`], ["content.xml", "x"]);
const ole = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(600)]);
const mail = "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nWords";

const kinds: [string, string | Buffer, string | null][] = [
  ["a.pdf", "%PDF-1.7\n", "pdf"],
  ["renamed.txt", "\n\n%PDF-1.4\n", "pdf"],
  ["really.docx", "%PDF-1.4\n", "pdf"],
  ["a.pdf", "not a PDF at all", null],
  ["page.pdf", "<!doctype html><p>Please sign in", "html"],
  ["a.txt", "Words.", "text"],
  ["no-ending", "Words.", "text"],
  ["a.csv", "a,b\n1,2", "csv"],
  ["a.tsv", "a\tb\n1\t2", "csv"],
  ["export.xls", "a\tb\n1\t2\n", "csv"],
  ["export.xls", "<html><table>", "html"],
  ["a.md", "# Words", "markdown"],
  ["A.MARKDOWN", "Words", "markdown"],
  ["a.html", "<p>Words", "html"],
  ["a.txt", "  <!-- c --><?xml version='1.0'?>\n<!DOCTYPE html><p>", "html"],
  ["a.html", "no tags here", "text"],
  ["a.txt", "<html lang=en>", "html"],
  ["a.txt", "", "text"],
  ["a.txt", Buffer.from("\uFEFFWörter", "utf16le"), "text"],
  ["a.txt", Buffer.from("Words without a mark", "utf16le"), "text"],
  ["a.txt", Buffer.from("借主は六か月前に通知すること。\n次の行。", "utf16le"), "text"],
  ["a.txt", Buffer.from("Zoë’s"), "text"],
  ["a.txt", Buffer.from([0x8e, 0xd8, 0x8e, 0xe5, 0x82, 0xcd]), "text"],
  ["a.doc", "{\\rtf1 words}", "rtf"],
  ["a.txt", "{\\rtf1 words}", "rtf"],
  ["a.eml", mail, "eml"],
  ["unnamed", mail, "eml"],
  ["notes.txt", "From: me\nTo: you\n\nA letter as people write it.", "text"],
  ["short.eml", "Subject: x\n\nWords", "eml"],
  ["words.eml", "Just words", "text"],
  ["a.docx", office("word/document.xml"), "docx"],
  ["a.zip", office("xl/workbook.xml"), "xlsx"],
  ["a.bin", office("ppt/presentation.xml"), "pptx"],
  ["a.odt", odf("text"), "odt"],
  ["a.ods", odf("spreadsheet-template"), "ods"],
  ["a.odp", odf("presentation"), "odp"],
  ["a.odg", odf("graphics"), null],
  ["a.epub", zipHead(["mimetype", "application/epub+zip"]), null],
  ["a.pages", zipHead(["Index/Document.iwa", "x"]), null],
  // Where the first bytes do not tell, the name does, and the reader has the last word.
  ["a.docx", zipHead(["[Content_Types].xml", "<Types/>"]), "docx"],
  ["a.docm", zipHead(["docProps/app.xml", "x"]), "docx"],
  ["a.docx", zipHead(["holiday.jpg", "x"]), "zip"],
  ["a.zip", zipHead(["lease.pdf", "%PDF-1.7"]), "zip"],
  ["a.zip", Buffer.from("PK\x05\x06"), "zip"],
  ["locked.docx", ole, "docx"],
  ["a.doc", ole, null],
  ["a.msg", ole, null],
  ["a.txt", ole, null],
  ["a.svg", "<svg xmlns='x'><script>alert(1)</script></svg>", null],
  ["a.txt", "<?xml version='1.0'?><svg>", null],
  ["a.txt", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]), null],
  ["a.txt", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), null],
  ["a.docx", "words", null],
  ["a.txt", Buffer.from([1, 2, 0, 3, 0, 0, 9, 1, 200, 7]), null],
];

for (const [name, content, kind] of kinds) {
  test(`${name} with ${JSON.stringify(String(content).slice(0, 30))} is ${kind}`, () => {
    assert.equal(sniffKind(Buffer.from(content), name), kind);
    // Whoever is refused learns what the file seems to be; nobody else has anything to learn.
    assert.equal(refusalWords(Buffer.from(content), name) !== "", kind === null);
  });
}

test("a refusal says what the file seems to be and what to do", () => {
  const words = (content: string | Buffer, name: string) => refusalWords(Buffer.from(content), name);
  assert.match(words(ole, "a.doc"), /older Office file.*save it as \.docx/);
  assert.match(words(ole, "a.msg"), /Save it as \.eml/);
  assert.match(words("words", "a.docx"), /ends in \.docx, but it holds plain text/);
  assert.match(
    words(Buffer.from("\x89PNG\r\n", "latin1"), "a.png"),
    /picture, and no text recognition is built in/,
  );
  assert.match(words(Buffer.from([0x1f, 0x8b, 8, 0]), "a.gz"), /pack it as \.zip/);
});

test("what is made to confuse the look costs nothing", () => {
  const started = performance.now();
  for (const trap of ["<!--a-->", "<!--", "<?xml", "<", " "]) {
    assert.equal(sniffKind(Buffer.from(trap.repeat(4096)), "a.txt"), "text");
  }
  for (const trap of ["<!doctype svg", "PK\x03\x04", "a:", "a: b\n", "\0a", "a\0", "\0\0\0a"])
    sniffKind(Buffer.from(trap.repeat(4096), "latin1"), "a.txt");
  assert.ok(performance.now() - started < 200);
});

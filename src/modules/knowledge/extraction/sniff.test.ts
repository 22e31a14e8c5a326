import assert from "node:assert/strict";
import { test } from "node:test";
import { sniffKind } from "./sniff.ts";

const kinds: [string, string | Buffer, string | null][] = [
  ["a.pdf", "%PDF-1.7\n", "pdf"],
  ["renamed.txt", "\n\n%PDF-1.4\n", "pdf"],
  ["a.pdf", "not a PDF at all", null],
  ["a.txt", "Words.", "text"],
  ["no-ending", "Words.", "text"],
  ["a.csv", "a,b\n1,2", "text"],
  ["a.md", "# Words", "markdown"],
  ["A.MARKDOWN", "Words", "markdown"],
  ["a.html", "<p>Words", "html"],
  ["a.txt", "  <!-- c --><?xml version='1.0'?>\n<!DOCTYPE html><p>", "html"],
  ["a.html", "no tags here", "text"],
  ["a.txt", "<html lang=en>", "html"],
  ["a.txt", "", "text"],
  ["a.txt", Buffer.from("\uFEFFWörter", "utf16le"), "text"],
  ["a.txt", Buffer.from("Zoë’s"), "text"],
  ["a.docx", Buffer.from("PK\x03\x04\x14\x00\x06\x00"), null],
  ["a.txt", Buffer.from("PK\x03\x04\x14\x00\x06\x00"), null],
  ["a.txt", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]), null],
  ["a.txt", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), null],
  ["a.doc", "{\\rtf1 words}", null],
  ["a.txt", "{\\rtf1 words}", null],
  ["a.docx", "words", null],
];

for (const [name, content, kind] of kinds) {
  test(`${name} with ${JSON.stringify(String(content).slice(0, 30))} is ${kind}`, () => {
    assert.equal(sniffKind(Buffer.from(content), name), kind);
  });
}

test("what is made to confuse the look costs nothing", () => {
  const started = performance.now();
  for (const trap of ["<!--a-->", "<!--", "<?xml", "<", " "]) {
    assert.equal(sniffKind(Buffer.from(trap.repeat(4096)), "a.txt"), "text");
  }
  assert.ok(performance.now() - started < 100);
});

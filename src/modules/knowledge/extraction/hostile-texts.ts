import { gzipSync } from "node:zlib";
import type { HostileFile } from "./hostile-files.ts";

const honest = /The honest words/;
const ole = (stream: string) => {
  // A compound file of one sector of directory (MS-CFB): header, then an entry of that name.
  const file = Buffer.alloc(1536);
  file.set(Buffer.from("d0cf11e0a1b11ae1", "hex"));
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(0, 48);
  file.write(stream, 512, "utf16le");
  return file;
};

/** Text that is none, that is too much, that hides or runs something, and files that only claim to be documents. */
export const hostileTexts: readonly HostileFile[] = [
  { name: "empty.txt", bytes: () => Buffer.alloc(0), verdict: { code: "no_text" } },
  { name: "blanks.md", bytes: () => Buffer.from(" \n\t\n\u200b\n"), verdict: { code: "no_text" } },
  { name: "zeros.txt", bytes: () => Buffer.alloc(5000), verdict: { refused: /no text that can be read/ } },
  {
    name: "noise.txt",
    bytes: () => Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) % 256)),
    verdict: { refused: /no text that can be read/ },
  },
  {
    name: "noise after words.txt",
    bytes: () => Buffer.concat([Buffer.alloc(5000, "a "), Buffer.alloc(5000, 1)]),
    verdict: { code: "unsupported_format" },
  },
  {
    name: "unseen.txt",
    bytes: () => Buffer.from("The \u202Ehonest\u202C wo\u00ADrds\u200B \u{E0041}\u{E0042}\u{E0043}"),
    verdict: { text: /^The honest words$/, without: /[\u200b\u202e\u00ad]|\u{E0041}/u },
  },
  {
    name: "half letters.txt",
    bytes: () =>
      Buffer.concat([
        Buffer.from("\uFEFFThe honest words ", "utf16le"),
        Buffer.from([0x3d, 0xd8, 0x20, 0, 0x3d]),
      ]),
    verdict: { text: honest },
  },
  {
    name: "four bytes a letter.txt",
    bytes: () =>
      Buffer.concat(
        [..."\uFEFFThe honest words"].map((c) =>
          Buffer.from([c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8, 0, 0]),
        ),
      ),
    verdict: { text: honest },
  },
  {
    name: "deep.html",
    bytes: () => Buffer.from(`<html>${"<div>".repeat(200_000)}The honest words`),
    verdict: { text: honest },
  },
  {
    name: "script.html",
    bytes: () =>
      Buffer.from(
        '<html><script>evil1()</script><p onclick="evil2()">The honest words</p><a href="javascript:evil3()">x</a><iframe src="http://127.0.0.1:9/evil4">evil5</iframe><img src=x onerror=evil6()><svg><script>evil7()</script></svg><style>@import url(evil8)</style><object data=evil9>',
      ),
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "fetches.html",
    bytes: () =>
      Buffer.from(
        '<html><base href="http://127.0.0.1:9/"><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/evil"><link rel=stylesheet href=evil.css><p>The honest words',
      ),
    verdict: { text: honest, without: /evil|127/ },
  },
  {
    name: "attribute of 3 MB.html",
    bytes: () => Buffer.from(`<html><p title="${"evil ".repeat(600_000)}">The honest words`),
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "entities.html",
    bytes: () =>
      Buffer.from(
        '<!doctype html [<!entity a "evil"><!entity b "&a;&a;">]><p>The honest words &b; &#0; &#xD800; &#x110000;',
      ),
    verdict: { text: honest, without: /evilevil|\0/ },
  },
  {
    name: "comment without end.html",
    bytes: () => Buffer.from(`<html><p>The honest words<!-- ${"<!-- ".repeat(100_000)}`),
    verdict: { text: honest },
  },
  {
    name: "script.md",
    bytes: () =>
      Buffer.from(
        "The honest words [x](javascript:evil1()) ![p](http://127.0.0.1:9/evil2)\n\n<script>evil3()</script>\n\n<img src=x onerror=evil4()>\n",
      ),
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "brackets.md",
    bytes: () => Buffer.from(`The honest words\n\n${"[".repeat(50_000)}${"![](".repeat(20_000)}`),
    verdict: { text: honest },
  },
  {
    name: "entity bomb.svg",
    bytes: () =>
      Buffer.from('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'),
    verdict: { refused: /no text|picture|plain text/ },
  },
  {
    name: "script.svg",
    bytes: () =>
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="evil()"><script>evil()</script></svg>'),
    verdict: { refused: /picture/ },
  },
  {
    name: "million points.png",
    bytes: () => Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0", "latin1"),
    verdict: { refused: /picture/ },
  },
  {
    name: "photo.pdf",
    bytes: () => Buffer.from("\xff\xd8\xff\xe0\0\x10JFIF", "latin1"),
    verdict: { refused: /picture/ },
  },
  {
    name: "program.docx",
    bytes: () => Buffer.concat([Buffer.from("MZ"), Buffer.alloc(200)]),
    verdict: { refused: /program/ },
  },
  { name: "bomb.gz", bytes: () => gzipSync(Buffer.alloc(10_000_000)), verdict: { refused: /archive/ } },
  { name: "old.doc", bytes: () => ole("WordDocument"), verdict: { refused: /older Office file/ } },
  { name: "old one renamed.docx", bytes: () => ole("WordDocument"), verdict: { code: "unsupported_format" } },
  {
    name: "behind a password.xlsx",
    bytes: () => ole("EncryptedPackage\0"),
    verdict: { code: "password_protected" },
  },
  { name: "mail.msg", bytes: () => ole("__properties_version1.0"), verdict: { refused: /\.eml/ } },
  { name: "words.xlsx", bytes: () => Buffer.from("just words"), verdict: { refused: /plain text/ } },
  {
    name: "formulas.csv",
    bytes: () =>
      Buffer.from(
        'name,sum\nThe honest words,=cmd|\' /C calc\'!A0\nx,"=HYPERLINK(""http://127.0.0.1:9/evil"")"\n',
      ),
    verdict: { text: honest },
  },
  {
    name: "quote without end.csv",
    bytes: () => Buffer.from(`a,b\n1,"open\n${"x,The honest words\n".repeat(2000)}`),
    verdict: { text: honest },
  },
  {
    name: "row of 200,000 columns.csv",
    bytes: () => Buffer.from(`The honest words${",x".repeat(200_000)}\n1,2\n`),
    verdict: { text: honest },
  },
  {
    name: "rows of nothing.csv",
    bytes: () => Buffer.from(`The honest words,b\n${",,,,\n".repeat(20_000)}`),
    verdict: { text: honest },
  },
  {
    name: "deep.rtf",
    bytes: () => Buffer.from(`{\\rtf1 ${"{".repeat(500_000)}x${"}".repeat(500_000)}}`),
    verdict: { code: "damaged" },
  },
  {
    name: "truncated.rtf",
    bytes: () => Buffer.from("{\\rtf1 Words that {\\b break"),
    verdict: { code: "damaged" },
  },
  {
    name: "binary without end.rtf",
    bytes: () => Buffer.from("{\\rtf1 Words {\\pict\\bin2147483647 xx}}"),
    verdict: { code: "damaged" },
  },
  {
    name: "surrogates.rtf",
    bytes: () => Buffer.from(`{\\rtf1 The honest words ${"\\u-10179?".repeat(20_000)}}`),
    verdict: { text: honest },
  },
  {
    name: "objects.rtf",
    bytes: () =>
      Buffer.from(
        '{\\rtf1 {\\object\\objautlink\\objupdate{\\*\\objclass evil}{\\*\\objdata 6576696c}{\\result The honest}} words{\\field{\\*\\fldinst INCLUDETEXT "http://127.0.0.1:9/evil"}}{\\field{\\*\\fldinst DDEAUTO cmd evil}}{\\*\\template http://127.0.0.1:9/evil.dot}}',
      ),
    verdict: { text: honest, without: /evil|6576/ },
  },
];

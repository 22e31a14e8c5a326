import assert from "node:assert/strict";
import { test } from "node:test";
import { textPdf } from "./hostile-files.ts";
import { zipOf } from "./hostile-zips.ts";
import { brief, readHere } from "./read-here.ts";

const read = async (kind: Parameters<typeof readHere>[0], bytes: string | Buffer) =>
  brief((await readHere(kind, bytes)).blocks);

test("rtf: text in its code pages, headings by style and outline, lists, tables, notes; nothing that a reader does not show", async () => {
  const source = String.raw`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}}{\colortbl;\red0;}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Kop 1;}{\s2 heading 2;}}{\info{\title The lease}{\author Nobody}}{\*\generator Some writer;}
\pard\s1 The Lease\par\pard\s2 Term\par
\pard Zo\'eb\u8217?s caf\'e9 \endash  {\uc2\u8364\'80\'80}5 and {\b bold} text.\line second line{\footnote A note.}\par
{\f1\'cf\'f0\'e8\'e2\'e5\'f2} {\f2\'83A\'83\\\'83C}\par
{\pict\wmetafile8 0102}{\pict\bin6 {{{}}}}
{\pntext\'b7\tab}first\par{\listtext 2.\tab}second\par
\trowd\intbl Room\cell Price\cell\row\trowd\intbl Oak\cell \'a312\par more\cell\row\pard
{\field{\*\fldinst HYPERLINK "http://vouchsafe.example"}{\fldrslt the link}} end \{x\}{\v hidden}{\deleted gone}\par
\outlinelevel1 Keys\par}`;
  const { title, blocks } = await readHere("rtf", source);
  assert.equal(title, "The lease");
  assert.deepEqual(brief(blocks), [
    "heading1: The Lease",
    "heading2: Term",
    "paragraph: Zoë’s café – €5 and bold text.\nsecond line",
    "paragraph: A note.",
    "paragraph: Привет アソイ",
    "list: - first\n2. second",
    "table: Room | Price\nOak | £12 more",
    "paragraph: the link end {x}",
    "heading2: Keys",
  ]);
  assert.equal(blocks.find(({ kind }) => kind === "table")?.header, true);
});

test("markdown: links whose addresses stand far away become their words, as near ones do", async () => {
  const source = `See [the lease][Lease] and [keys][] and [this][other].\n\n${"Many words.\n\n".repeat(2000)}[lease]: a.md\n[Keys]: <b.md>\n`;
  const [first, ...rest] = await read("markdown", source);
  assert.equal(first, "paragraph: See the lease and keys and [this][other].");
  assert.equal(rest.length, 2000);
});

test("csv: any of four delimiters, quotes, line breaks in cells, a quote that nobody closes", async () => {
  const rows = [
    ["Room", "Price", "Note"],
    ["Oak", "12,50", "on two\nlines"],
    ["Ash", "9", 'called "the small one"'],
  ];
  const quoted = (cell: string, delimiter: string) =>
    /["\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const told = [
    'table: Room | Price | Note\nRoom: Oak | Price: 12,50 | Note: on two lines\nRoom: Ash | Price: 9 | Note: called "the small one"',
  ];
  for (const delimiter of [",", ";", "\t", "|"]) {
    const source = rows.map((row) => row.map((cell) => quoted(cell, delimiter)).join(delimiter)).join("\r\n");
    assert.deepEqual(await read("csv", source), told, delimiter);
    assert.deepEqual(await read("csv", `\uFEFFsep=${delimiter}\r\n${source}`), told);
  }
  assert.deepEqual(await read("csv", 'name,no\nx,1\ny,"2\nz,3\n'), [
    'table: name | no\nname: x | no: 1\nname: y | no: "2\nname: z | no: 3',
  ]);
});

test("zip: sections under their paths, in order; what is not read is named; a zip in it is opened, one in that is not", async () => {
  const inner = zipOf([
    ["deep.txt", Buffer.from("Words of the inner one.")],
    ["deeper.zip", zipOf([["x.txt", Buffer.from("never")]])],
  ]);
  const bytes = zipOf([
    ["b/notes10.txt", Buffer.from("Ten.")],
    ["b/notes9.txt", Buffer.from("Nine.")],
    ["a.md", Buffer.from("# Rules\n\nNo dogs.")],
    ["in.zip", inner],
    ["plan.pdf", await textPdf([["Words of the plan."]])],
    ["photo.png", Buffer.from("\x89PNG\r\n", "latin1")],
    ["__MACOSX/._a.md", Buffer.from("clutter")],
  ]);
  assert.deepEqual(await read("zip", bytes), [
    "heading1: a.md",
    "heading2: Rules",
    "paragraph: No dogs.",
    "heading1: b/notes9.txt",
    "paragraph: Nine.",
    "heading1: b/notes10.txt",
    "paragraph: Ten.",
    "heading1: in.zip",
    "heading2: deep.txt",
    "paragraph: Words of the inner one.",
    "heading2: Files that were not read",
    "paragraph: [Not of a kind that is read: deeper.zip]",
    "heading1: plan.pdf",
    "paragraph: Words of the plan.",
    "heading1: Files that were not read",
    "paragraph: [Not of a kind that is read: photo.png]",
  ]);
});

test("eml: fields, text with what it quotes, attachments as sections, names in every spelling", async () => {
  const part = (name: string, body: string) =>
    `--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; ${name}\r\n\r\n${body}\r\n`;
  const source = `From: =?utf-8?Q?M=C3=A4ra_Osei?= <mara@harrow.example>
To: "Finch, S." <s@finch.example>, team: a@b.example, c@d.example;
Subject: =?utf-8?B?U2NobMO8c3NlbA==?= =?iso-8859-1?Q?_f=FCr?= 7
Date: Mon, 02 Mar 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Die Schl=FCssel liegen unter der Stufe.

> Wo sind sie?
${part("filename*=utf-8''Pl%C3%A4ne.md", "# Plan\r\n\r\nKeller").trimEnd()}
${part('filename*0="no"; filename*1="tes.txt"', "Zwei").trimEnd()}
--x
Content-Type: message/rfc822

From: inner@a.example
To: x@y.example
Subject: Inner

Forwarded words
--x--
`.replace(/\r?\n/g, "\r\n");
  const { title, blocks } = await readHere("eml", source);
  assert.equal(title, "Schlüssel für 7");
  assert.deepEqual(brief(blocks), [
    "heading1: Schlüssel für 7",
    "paragraph: From: Mära Osei <mara@harrow.example>\nTo: Finch, S. <s@finch.example>, a@b.example, c@d.example\nDate: 2026-03-02 09:00 UTC",
    "paragraph: Die Schlüssel liegen unter der Stufe.",
    "paragraph: > Wo sind sie?",
    "heading2: Pläne.md",
    "heading3: Plan",
    "paragraph: Keller",
    "heading2: notes.txt",
    "paragraph: Zwei",
    "heading2: Attachment 3.eml",
    "heading3: Inner",
    "paragraph: From: inner@a.example\nTo: x@y.example",
    "paragraph: Forwarded words",
  ]);
});

test("eml: the page where the text is only a remark, and letters from before charsets were named", async () => {
  const head = "From: a@b.example\r\nTo: c@d.example\r\nSubject: Keys\r\nMIME-Version: 1.0\r\n";
  const both = `${head}Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nNo HTML?\r\n--x\r\nContent-Type: text/html\r\n\r\n<html><h1>Rent</h1><p>The rent for the desk is 420 crowns a month.</p></html>\r\n--x--\r\n`;
  assert.deepEqual((await read("eml", both)).slice(2), [
    "heading2: Rent",
    "paragraph: The rent for the desk is 420 crowns a month.",
  ]);
  const old = Buffer.from("From: a@b.example\nSubject: Pr\xfcfung\n\nGr\xfc\xdfe aus K\xf6ln.\n", "latin1");
  assert.deepEqual(await read("eml", old), [
    "heading1: Prüfung",
    "paragraph: From: a@b.example",
    "paragraph: Grüße aus Köln.",
  ]);
});

test("tables of pages and of Markdown say which line is their header row", async () => {
  const header = async (kind: "html" | "markdown", source: string) =>
    (await readHere(kind, source)).blocks.find((block) => block.kind === "table")?.header;
  assert.equal(await header("markdown", "| a | b |\n|---|---|\n| 1 | 2 |"), true);
  assert.equal(await header("html", "<html><table><tr><th>a<th>b<tr><td>1<td>2</table>"), true);
  assert.equal(await header("html", "<html><table><tr><td>a<td>b<tr><td>1<td>2</table>"), undefined);
  assert.equal(await header("html", "<html><table><caption>Rent</caption><tr><th>a<td>b</table>"), undefined);
});

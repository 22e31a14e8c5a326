import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { PDFDocument, StandardFonts } from "pdf-lib";
import { familyOf } from "../../../../test/support/server.ts";
import { type ExtractionCost, type ExtractionOptions, extract } from "./extract.ts";
import { type ExtractionFailureCode, extractionMessages, isExtractionFailure } from "./failure.ts";
import { inflatingObjectStreamPdf, inflatingPdf, lockedPdf, scannedPdf, textPdf } from "./hostile-files.ts";
import { zipOf } from "./hostile-zips.ts";
import { resultReader } from "./results.ts";
import type { Kind } from "./sniff.ts";

const MB = 1024 * 1024;

const read = (kind: Kind, bytes: Buffer | string, options: Partial<ExtractionOptions> = {}) =>
  extract(Readable.from([Buffer.from(bytes)]), {
    kind,
    name: `file.${kind === "markdown" ? "md" : kind}`,
    ...options,
  });

const brief = ({ blocks }: { blocks: { kind: string; level?: number; text: string }[] }) =>
  blocks.map(({ kind, level, text }) => `${kind}${level ?? ""}: ${text}`);

async function refused(code: ExtractionFailureCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(isExtractionFailure(error), String(error));
    assert.equal(error.code, code, JSON.stringify(error.cause));
    assert.equal(error.message, extractionMessages[code]);
    return true;
  });
}

test("text: paragraphs, headings, lists, lines broken on purpose", async () => {
  const source = [
    "OFFICE NOTES",
    "",
    "The first paragraph was wrapped by a program at a width that nobody",
    "chose, so its lines are one.",
    "",
    "Keys",
    "----",
    "- front door",
    "- cellar, which",
    "  sticks",
    "",
    "Harrow Lane 7",
    "Wexcombe",
    "",
  ].join("\n");
  assert.deepEqual(brief(await read("text", source)), [
    "heading2: OFFICE NOTES",
    "paragraph: The first paragraph was wrapped by a program at a width that nobody chose, so its lines are one.",
    "heading2: Keys",
    "list: - front door\n- cellar, which sticks",
    "paragraph: Harrow Lane 7\nWexcombe",
  ]);
});

test("text: UTF-8 with and without mark, UTF-16 in both orders, Windows-1252", async () => {
  const words = "Zoë’s café – €5";
  const little = Buffer.from(`\uFEFF${words}`, "utf16le");
  const encodings = [
    Buffer.from(words),
    Buffer.from(`\uFEFF${words}`),
    little,
    Buffer.from(little).swap16(),
    Buffer.from([0x5a, 0x6f, 0xeb, 0x92, 0x73, 0x20, 0x63, 0x61, 0x66, 0xe9, 0x20, 0x96, 0x20, 0x80, 0x35]),
  ];
  for (const bytes of encodings) assert.deepEqual(brief(await read("text", bytes)), [`paragraph: ${words}`]);
});

test("text is clean: one form of letters, no control characters, nothing that only a machine sees", async () => {
  const { blocks } = await read(
    "text",
    "Cafe\u0301 \u0007bell \u202Edrawkcab\u202C so\u00ADft zero\u200Bwidth \u{E0041}\u{E0042}tag \t tab",
  );
  assert.deepEqual(blocks[0]?.text, "Café bell drawkcab soft zerowidth tag tab");
});

test("markdown: headings, lists, code, tables; marks and raw HTML gone", async () => {
  const source =
    "# Handbook\n\nText with *stress*, `code` and a [link](https://vouchsafe.example).\n\n| Room | Price |\n|:-----|------:|\n| Oak | **£12** |\n\n3. third\n4. fourth\n   - inner\n\n> quoted\n\n<p>raw <b>html</b><script>alert(1)</script></p>\n\n```sh\nls  -l\n```\n";
  const result = await read("markdown", source);
  assert.equal(result.title, "Handbook");
  assert.deepEqual(brief(result), [
    "heading1: Handbook",
    "paragraph: Text with stress, code and a link.",
    "table: Room | Price\nOak | £12",
    "list: 3. third\n4. fourth\n- inner",
    "paragraph: quoted",
    "paragraph: raw html",
    "code: ls  -l",
  ]);
});

test("html: what a reader of the page sees, and nothing else", async () => {
  const source =
    "<!-- x --><!doctype html><title>Prices &amp; rooms</title><style>p{}</style><h1>Prices</h1><p>One <b>two</b>three<br>four<p>five" +
    "<script>evil()</script><template>hidden</template><noscript>no</noscript><svg><text>drawn</text></svg>" +
    "<ol><li>a<li>b<ul><li>c</ul></ol><table><caption>Rent</caption><tr><th>Desk<td>&pound;420</table><pre>a\n  b</pre>end";
  const result = await read("html", source);
  assert.equal(result.title, "Prices & rooms");
  assert.deepEqual(brief(result), [
    "heading1: Prices",
    "paragraph: One twothree\nfour",
    "paragraph: five",
    "list: 1. a\n2. b\n- c",
    "table: Rent\nDesk | £420",
    "code: a\n  b",
    "paragraph: end",
  ]);
});

test("html: an old encoding that the page names", async () => {
  const bytes = Buffer.from('<html><meta charset="iso-8859-2"><p>\xbe\xe1dn\xfd', "latin1");
  assert.deepEqual(brief(await read("html", bytes)), ["paragraph: žádný"]);
});

test("pdf: pages kept, lines put together to paragraphs, hyphens joined, running lines kept once", async () => {
  const footer = (n: number) => [...Array<string>(50).fill(""), `Page ${n} of 2`];
  const page = (lines: string[], n: number) => [...lines, ...footer(n).slice(lines.length)];
  const bytes = await textPdf(
    [
      page(
        [
          "The tenant may end this lease by notice in writ-",
          "ing, given six months before the end of a quarter that the cal-",
          "endar has.",
          "",
          "The landlord may not.",
        ],
        1,
      ),
      page(["On the second page there is a sentence of its own."], 2),
    ],
    "Lease",
  );
  const result = await read("pdf", bytes);
  assert.deepEqual([result.pages, result.title], [2, "Lease"]);
  assert.deepEqual(
    result.blocks.map(({ text, page }) => [page, text]),
    [
      [
        1,
        "The tenant may end this lease by notice in writing, given six months before the end of a quarter that the calendar has.",
      ],
      [1, "The landlord may not."],
      [1, "Page 1 of 2"],
      [2, "On the second page there is a sentence of its own."],
    ],
  );
});

test("pdf: two columns that the file tells line by line are read one after the other; a table keeps its empty cells", async () => {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  const page = document.addPage([595, 842]);
  for (let i = 0; i < 8; i++) {
    for (const [side, x] of [
      ["left", 60],
      ["right", 310],
    ] as const)
      page.drawText(`${side} column line ${i} goes on and on, with words`, {
        x,
        y: 760 - i * 14,
        size: 10,
        font,
      });
  }
  const rows = [
    ["Room", "Price", "Note"],
    ["Oak", "12", "open"],
    ["Ash", "", "closed"],
  ];
  for (const [row, cells] of rows.entries()) {
    for (const [column, text] of cells.entries())
      if (text !== "") page.drawText(text, { x: 60 + column * 150, y: 500 - row * 14, size: 10, font });
  }
  const { blocks } = await read("pdf", Buffer.from(await document.save()));
  const texts = blocks.map(({ text }) => text);
  assert.match(texts[0] ?? "", /^left .* 0 .*left .* 7 goes on and on, with words$/);
  assert.match(texts[1] ?? "", /^right .* 0 .*right .* 7 goes on and on, with words$/);
  assert.equal(texts[2], "Room | Price | Note\nOak | 12 | open\nAsh |  | closed");
});

test("pages that are pictures are counted, where others have text; the language of the text is told", async () => {
  const document = await PDFDocument.load(await scannedPdf());
  const font = await document.embedFont(StandardFonts.Helvetica);
  document.getPage(1).drawText("2", { x: 300, y: 20, size: 9, font });
  document.addPage();
  document
    .addPage()
    .drawText("The tenant may end this lease by notice in writing.", { x: 50, y: 500, size: 10, font });
  const { pages, pictures, language, kind } = await read("pdf", Buffer.from(await document.save()));
  assert.deepEqual(
    { pages, pictures, language, kind },
    { pages: 4, pictures: 2, language: "en", kind: "pdf" },
  );
  const text = await read("text", "Der Mieter kann den Vertrag mit einer Frist von sechs Monaten kündigen.");
  assert.deepEqual([text.language, text.pictures], ["de", null]);
});

test("which of the formats that are zips a file is, its reader has the last word on; nothing else", async () => {
  const archive = zipOf([["lease.txt", Buffer.from("Words.")]]);
  const { kind, blocks } = await read("docx", archive);
  assert.deepEqual([kind, blocks.map(({ text }) => text)], ["zip", ["lease.txt", "Words."]]);
  const answers = resultReader(1000, "text");
  assert.throws(() => answers.add(Buffer.from('{"type":"kind","kind":"zip"}\n')), /Reading the file failed/);
  assert.throws(
    () => resultReader(1000, "docx").add(Buffer.from('{"type":"kind","kind":"text"}\n')),
    /failed/,
  );
  assert.throws(
    () => resultReader(1000, "text").add(Buffer.from('{"type":"language","language":"english"}\n')),
    /failed/,
  );
  assert.throws(
    () =>
      resultReader(1000, "pdf").add(
        Buffer.from('{"type":"pages","count":2}\n{"type":"pictures","count":3}\n'),
      ),
    /failed/,
  );
});

test("what is empty or has no text says so", async () => {
  for (const kind of ["text", "markdown", "html"] as const) await refused("no_text", read(kind, ""));
  await refused("no_text", read("pdf", await scannedPdf()));
});

test("damaged, locked and mislabelled files are told apart", async () => {
  const whole = await textPdf([["One line."], ["Another."]]);
  await refused("damaged", read("pdf", whole.subarray(0, whole.length * 0.6)));
  await refused(
    "damaged",
    read(
      "pdf",
      Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(9000, 7), Buffer.from("startxref\n9\n%%EOF")]),
    ),
  );
  // A later version, appended, broke off: the parser alone would show the earlier one as if nothing were missing.
  await refused(
    "damaged",
    read("pdf", Buffer.concat([whole, Buffer.from("9 0 obj\n"), Buffer.alloc(9000, 32)])),
  );
  await refused("password_protected", read("pdf", lockedPdf()));
  await refused("unsupported_format", read("pdf", "just words"));
  await refused("unsupported_format", read("text", Buffer.from("PK\u0003\u0004\u0000\u0000\u0000\u0008")));
  await refused("unsupported_format", read("text", "words", { name: "report.docx" }));
  await refused(
    "unsupported_format",
    read("text", Buffer.concat([Buffer.alloc(5000, "a"), Buffer.alloc(5000, 1)])),
  );
});

test("a PDF of 1 MB that unpacks to 1.1 GB is refused before it is parsed, or at the memory limit when disguised", async () => {
  const peaks: number[] = [];
  const onCost = ({ peak }: ExtractionCost) => peaks.push(peak);
  const limits = { memory: 500 * MB };
  await Promise.all([
    refused("too_large_inflated", read("pdf", inflatingPdf("none"), { onCost })),
    refused("too_large_inflated", read("pdf", inflatingObjectStreamPdf(), { onCost })),
    refused("too_much_memory", read("pdf", inflatingPdf("two filters"), { onCost, limits })),
    refused("too_much_memory", read("pdf", inflatingPdf("picture"), { onCost, limits })),
  ]);
  assert.equal(peaks.length, 4);
  assert.ok(Math.max(...peaks) < 625 * MB, peaks.map((peak) => Math.round(peak / MB)).join(" "));
});

test("200,000 nested elements, 100,000 quote marks, 5 MB in one line: read, in bounded time and memory", async () => {
  const cost: ExtractionCost[] = [];
  const onCost = (one: ExtractionCost) => cost.push(one);
  const [html, quoted, marks, line, word, knot] = await Promise.all([
    read("html", `<html>${"<div>".repeat(200_000)}deep${"</div>".repeat(200_000)}`, { onCost }),
    read("markdown", `${">".repeat(100_000)} deep`, { onCost }),
    read("markdown", `${"- ".repeat(100_000)}deep`, { onCost }),
    read("markdown", "some *words* ".repeat(400_000), { onCost }),
    read("text", "x".repeat(5_000_000), { onCost }),
    read("markdown", "*a_ ".repeat(15_000), { onCost }),
  ]);
  for (const { blocks } of [html, quoted, marks]) assert.match(blocks.at(-1)?.text ?? "", /deep$/);
  assert.equal(word.blocks.map(({ text }) => text).join("").length, 5_000_000);
  assert.equal(line.blocks.map(({ text }) => text).join(" ").length, 13 * 400_000 - 1);
  assert.equal(knot.blocks.map(({ text }) => text).join(" ").length, 4 * 15_000 - 1);
  for (const { peak, milliseconds } of cost)
    assert.ok(peak < 400 * MB && milliseconds < 10_000, `${peak} ${milliseconds}`);
});

test("too much text, and too large a file, are cut off", async () => {
  await refused(
    "too_large_inflated",
    read("text", "some words ".repeat(20_000), { limits: { output: 100_000 } }),
  );
  await refused(
    "too_large_inflated",
    read("text", "some words ".repeat(20_000), { limits: { input: 100_000 } }),
  );
});

test("a child that is killed, crashes or lies fails its own document only", async () => {
  const hostile = (act: string, limits = {}) =>
    read(act as Kind, "x", { program: "hostile-child.ts", name: "a.txt", limits }); // as: the kind is the child's first argument
  await Promise.all([
    refused("took_too_long", hostile("spin", { milliseconds: 600 })),
    refused("too_much_memory", hostile("fill buffers", { memory: 200 * MB })),
    refused("too_much_memory", hostile("fill heap", { memory: 200 * MB })),
    refused("extractor_crashed", hostile("say nonsense")),
    refused("extractor_crashed", hostile("say one endless line")),
    refused("extractor_crashed", hostile("say forbidden characters")),
    refused("extractor_crashed", hostile("say page 7 of 2")),
    refused("extractor_crashed", hostile("stop halfway")),
    refused("too_large_inflated", hostile("say too much")),
    read("text", "An honest document.").then(({ blocks }) => assert.equal(blocks.length, 1)),
  ]);
});

test("a child that is killed from outside says nothing of its document: it is read again", async () => {
  const reading = read("spin" as Kind, "x", { program: "hostile-child.ts", name: "a.txt" }); // as: as above
  const failed = reading.then(() => null).catch((error: unknown) => error);
  const isReader = ({ pid }: { pid: number }) =>
    readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("hostile-child.ts");
  let children: { pid: number }[] = [];
  while (children.length === 0) {
    await pause(20);
    children = familyOf(process.pid).filter(isReader);
  }
  for (const { pid } of children) process.kill(pid, "SIGKILL");
  const error = await failed;
  assert.ok(error instanceof Error && !isExtractionFailure(error), String(error));
});

test("a stream without end keeps this process small", async () => {
  const chunk = Buffer.alloc(64 * 1024, "word ");
  const endless = new Readable({
    read() {
      this.push(chunk);
    },
  });
  const before = process.memoryUsage().rss;
  await refused(
    "too_large_inflated",
    extract(endless, { kind: "text", name: "a.txt", limits: { input: 200 * MB } }),
  );
  assert.ok(endless.destroyed);
  assert.ok(process.memoryUsage().rss - before < 80 * MB);
});

test("a broken source gives its own error, an abort its reason; both free their place", async () => {
  const torn = new Error("torn");
  const breaking = new Readable({ read() {} });
  breaking.push("Some text");
  setTimeout(() => breaking.destroy(torn), 100);
  await assert.rejects(extract(breaking, { kind: "text", name: "a.txt" }), torn);
  const stop = new AbortController();
  const waiting = [1, 2, 3].map(() => new Readable({ read() {} }));
  const works = waiting.map((source) =>
    assert.rejects(extract(source, { kind: "text", name: "a.txt", signal: stop.signal }), /enough/),
  );
  await pause(150);
  stop.abort(new Error("enough"));
  await Promise.all(works);
  assert.ok(waiting.every((source) => source.destroyed));
  assert.equal((await read("text", "still works")).blocks.length, 1);
});

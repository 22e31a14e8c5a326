// Makes the PDFs of the samples from samples/sources: node samples/make.ts. The same source gives the same bytes, so
// that a changed sample is a changed source; samples.test.ts holds it to that.
import { readFile, writeFile } from "node:fs/promises";
import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from "pdf-lib";

const PDFS = [
  {
    source: "lindqvist-house-lease.md",
    path: "harrow-finch/lindqvist-house-lease.pdf",
    running: "Lease of Lindqvist House, fourth floor",
  },
  {
    source: "printer-framework-agreement.md",
    path: "harrow-finch/printer-framework-agreement.pdf",
    running: "Framework agreement HF-2025-031",
  },
  {
    source: "berth-hire-contract.md",
    path: "bexley-marine/berth-hire-contract.pdf",
    running: "Berth hire contract BM-B-0417",
  },
];

/** Every PDF of the samples with its path under samples/, made anew. */
export async function makeSamples(): Promise<{ path: string; bytes: Uint8Array }[]> {
  return Promise.all(
    PDFS.map(async ({ source, path, running }) => {
      const text = await readFile(new URL(`sources/${source}`, import.meta.url), "utf8");
      return { path, bytes: await typeset(text, running) };
    }),
  );
}

// A4 in points.
const [WIDTH, HEIGHT, SIDE, TOP, FOOT] = [595.28, 841.89, 76, 84, 92];
const HANG = 34;
const INK = rgb(0.11, 0.11, 0.13);
const QUIET = rgb(0.42, 0.42, 0.45);

type Style = { font: PDFFont; size: number; leading: number; before: number; after: number; keep: number };

async function typeset(source: string, running: string): Promise<Uint8Array> {
  const document = await PDFDocument.create({ updateMetadata: false });
  const body = await document.embedFont(StandardFonts.TimesRoman);
  const bold = await document.embedFont(StandardFonts.HelveticaBold);
  const sans = await document.embedFont(StandardFonts.Helvetica);
  const strong = await document.embedFont(StandardFonts.TimesRomanBold);
  const styles = {
    title: { font: bold, size: 22, leading: 27, before: 0, after: 4, keep: 80 },
    subtitle: { font: sans, size: 11, leading: 15, before: 0, after: 18, keep: 0 },
    heading: { font: bold, size: 13.5, leading: 18, before: 13, after: 5, keep: 52 },
    text: { font: body, size: 11, leading: 15.4, before: 0, after: 7.5, keep: 0 },
    strong: { font: strong, size: 11, leading: 15.4, before: 0, after: 7.5, keep: 0 },
  } satisfies Record<string, Style>;

  let page: PDFPage = document.addPage([WIDTH, HEIGHT]);
  let y = HEIGHT - TOP;
  function set(text: string, style: Style, number?: string): void {
    const indent = number === undefined ? 0 : HANG;
    const lines = wrap(text, style, WIDTH - 2 * SIDE - indent);
    if (y < HEIGHT - TOP) y -= style.before;
    // No clause leaves a single line behind, no heading stands alone at the foot.
    if (y - style.leading * Math.min(lines.length, 2) - style.keep < FOOT) y = newPage();
    lines.forEach((line, index) => {
      if (y - style.leading < FOOT) y = newPage();
      y -= style.leading;
      const draw = { y, size: style.size, font: style.font, color: INK };
      if (index === 0 && number !== undefined) page.drawText(number, { ...draw, x: SIDE });
      page.drawText(line, { ...draw, x: SIDE + indent });
    });
    y -= style.after;
  }
  function newPage(): number {
    page = document.addPage([WIDTH, HEIGHT]);
    return HEIGHT - TOP;
  }

  const blocks = source
    .split(/\n\n+/)
    .map((block) => block.trim())
    .filter((block) => block !== "");
  const [title = "", subtitle = ""] = blocks;
  document.setTitle(`${title.slice(2)}: ${subtitle}`);
  for (const block of blocks) {
    const clause = /^(\d+\.\d+|\(\d\)) ([\s\S]+)$/.exec(block);
    if (block.startsWith("# ")) set(block.slice(2), styles.title);
    else if (block === subtitle) set(block, styles.subtitle);
    else if (block.startsWith("## ")) set(block.slice(3), styles.heading);
    else if (block.startsWith("**")) set(block.replaceAll("**", ""), styles.strong);
    else set(clause?.[2] ?? block, styles.text, clause?.[1]);
  }

  const pages = document.getPages();
  pages.forEach((each, index) => {
    const words = `${running}    Page ${index + 1} of ${pages.length}`;
    const at = { y: 48, size: 8.5, font: sans, color: QUIET };
    each.drawText(words, { ...at, x: WIDTH - SIDE - sans.widthOfTextAtSize(words, 8.5) });
  });
  return document.save();
}

/** Breaks a text into lines of at most `width` points. */
function wrap(text: string, { font, size }: Style, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && font.widthOfTextAtSize(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

if (import.meta.main) {
  for (const { path, bytes } of await makeSamples()) {
    await writeFile(new URL(path, import.meta.url), bytes);
    process.stdout.write(`samples/${path}  ${bytes.length} bytes\n`);
  }
}

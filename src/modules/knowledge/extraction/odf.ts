import type { Report } from "./blocks.ts";
import { extractionFailure } from "./failure.ts";
import { type OdfPackage, openOdf } from "./odf-package.ts";
import { writeSheets } from "./odf-sheets.ts";
import { slidesOf } from "./odf-slides.ts";
import { odfStory } from "./odf-story.ts";
import { type OdfStyles, readOdfStyles } from "./odf-styles.ts";
import { flow, type Piece, wordsOfPieces } from "./office-flow.ts";
import { cleanLine } from "./text.ts";
import type { ZipBudget } from "./zip.ts";

const MOST_PAGES = 20_000;

/** An OpenDocument text to blocks: the body with its notes and comments, then what runs above and below its pages, once. */
export async function extractOdt(bytes: Uint8Array, report: Report, budget?: ZipBudget): Promise<void> {
  const pack = await openOdf(bytes, budget);
  const styles = await readOdfStyles(pack);
  if (pack.title !== "") report.title(pack.title);
  const take = flow(report, null);
  await pack.read(
    "content.xml",
    odfStory(styles, (piece) => {
      // Told once for a whole: a later title is not taken.
      if (piece.kind === "heading" && piece.isTitle) report.title(cleanLine(piece.text));
      take(piece);
    }),
  );
  // At the end: the first passage of a document is to begin with its title.
  for (const text of await runningLines(pack, styles)) take({ kind: "paragraph", text });
  take(null);
}

/** An OpenDocument presentation to blocks, as pptx.ts does it: `page` is the slide's number. */
export async function extractOdp(bytes: Uint8Array, report: Report, budget?: ZipBudget): Promise<void> {
  const pack = await openOdf(bytes, budget);
  const styles = await readOdfStyles(pack, "office:presentation", "draw:page");
  tellPages(pack, styles.pages, report);
  await pack.read(
    "content.xml",
    slidesOf(styles, (pieces, page) => {
      const take = flow(report, page);
      for (const piece of pieces) take(piece);
      take(null);
    }),
  );
}

/** An OpenDocument spreadsheet to blocks, as xlsx.ts does it: `page` is the sheet's number. */
export async function extractOds(bytes: Uint8Array, report: Report, budget?: ZipBudget): Promise<void> {
  const pack = await openOdf(bytes, budget);
  const styles = await readOdfStyles(pack, "office:spreadsheet", "table:table");
  tellPages(pack, styles.pages, report);
  await pack.read("content.xml", writeSheets(styles, report));
}

function tellPages(pack: OdfPackage, count: number, report: Report): void {
  if (count > MOST_PAGES) throw extractionFailure("too_large_inflated");
  if (count > 0) report.pages(count);
  if (pack.title !== "") report.title(pack.title);
}

/** What runs above or below the pages, each line once, page numbers alone not at all. */
async function runningLines(pack: OdfPackage, styles: OdfStyles): Promise<Set<string>> {
  const lines = { header: new Set<string>(), footer: new Set<string>() };
  let pieces: Piece[] = [];
  let into: Set<string> | null = null;
  const inner = odfStory(styles, (piece) => pieces.push(piece));
  await pack.read("styles.xml", {
    open(name, attribute) {
      const where = RUNNING.exec(name)?.[1];
      if (where !== undefined) into = where === "header" ? lines.header : lines.footer;
      if (into !== null) inner.open?.(name, attribute);
    },
    close(name) {
      if (into === null) return;
      inner.close?.(name);
      if (!RUNNING.test(name)) return;
      const text = cleanLine(wordsOfPieces(pieces));
      if (/\p{L}/u.test(text)) into.add(text);
      pieces = [];
      into = null;
    },
    text(text) {
      if (into !== null) inner.text?.(text);
    },
  });
  return new Set([...lines.header, ...lines.footer]);
}

const RUNNING = /^style:(header|footer)(?:-left|-first)?$/;

import { getResolvedPDFJS } from "unpdf";
import type { Report } from "./blocks.ts";
import { extractionFailure } from "./failure.ts";
import { inColumns } from "./pdf-columns.ts";
import { type Line, linesOf, pageBlocks, type TextRun } from "./pdf-layout.ts";
import { checkInflatedSize } from "./pdf-streams.ts";
import { cleanLine } from "./text.ts";

/** A PDF, page by page: only one page's text is ever held. Pictures are not decoded, nothing is fetched, no script runs. */
export async function extractPdf(bytes: Uint8Array, report: Report): Promise<void> {
  checkWhole(bytes);
  checkInflatedSize(bytes);
  const { getDocument, VerbosityLevel } = await getResolvedPDFJS();
  const complaints = listenToParser();
  const task = getDocument({
    // Out of a zip it is a view of another kind, which the parser refuses.
    data: bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes),
    verbosity: VerbosityLevel.WARNINGS,
    useSystemFonts: false,
    disableFontFace: true,
    useWorkerFetch: false,
    useWasm: false,
    enableXfa: false,
    // No picture is ever decoded: to see that there is one, it is enough that the parser says it left one out.
    maxImageSize: 0,
  });
  const document = await task.promise.catch((error: unknown) => {
    throw verdict(error);
  });
  report.pages(document.numPages);
  const title = await titleOf(document);
  if (title !== "") report.title(title);
  const furniture = runningLines();
  let bodySize = 0;
  let pictures = 0;
  for (let number = 1; number <= document.numPages; number++) {
    try {
      const page = await document.getPage(number);
      const [, bottom = 0, , top = 0] = page.view;
      const runs = (await page.getTextContent()).items.filter(
        (item): item is typeof item & TextRun => "str" in item,
      );
      complaints.raise();
      const all = inColumns(linesOf(runs));
      const lines = furniture(all, bottom, top);
      if (lettersIn(all) < FEWEST_LETTERS && (await complaints.showsPicture(page))) pictures++;
      page.cleanup();
      bodySize = bodySizeOf(lines) || bodySize;
      for (const block of pageBlocks(lines, bodySize, number)) report.block(block);
    } catch (error) {
      throw verdict(error);
    }
    if (number % 50 === 0) await document.cleanup();
  }
  report.pictures(pictures);
}

// A scanned page may carry a number or a stamp that a program put on it.
const FEWEST_LETTERS = 12;

const lettersIn = (lines: readonly Line[]) =>
  lines.reduce((sum, { text }) => sum + (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0), 0);

/** A PDF ends with the address of its index; a copy that broke off has none, and what a reader guesses from it may lack pages. */
function checkWhole(bytes: Uint8Array): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!view.subarray(0, 1024).includes("%PDF-")) throw extractionFailure("unsupported_format");
  if (!view.subarray(-4096).includes("startxref")) throw extractionFailure("damaged");
}

async function titleOf(document: { getMetadata(): Promise<{ info: object }> }): Promise<string> {
  const { info } = await document.getMetadata().catch(() => ({ info: {} }));
  const title = "Title" in info && typeof info.Title === "string" ? cleanLine(info.Title) : "";
  // What programs put there by themselves is no title.
  return /^(untitled|microsoft word - |.*\.(docx?|pdf|tex|indd)$)/i.test(title) ? "" : title.slice(0, 300);
}

/**
 * Headers and footers: of the three outermost lines above and below, within the outer tenth of the page, those that stood,
 * but for their digits, in the same place on an earlier page. The first of them stays in the text; the repetitions would
 * cut paragraphs and answer no question. A row of numbers is a table's, but for the outermost line: that is the page's.
 */
function runningLines(): (lines: Line[], bottom: number, top: number) => Line[] {
  const seen = new Set<string>();
  return (lines, bottom, top) => {
    const margin = (top - bottom) / 10;
    const heights = lines.map(({ y }) => y).sort((a, b) => a - b);
    const low = Math.min(heights[2] ?? top, bottom + margin);
    const high = Math.max(heights.at(-3) ?? bottom, top - margin);
    return lines.filter((line) => {
      if (line.y > low && line.y < high) return true;
      const outermost = line.y === heights[0] || line.y === heights.at(-1);
      if (!outermost && !/\p{L}/u.test(line.text)) return true;
      const key = `${Math.round(line.y / 3)} ${line.text.replace(/\d+/g, "0")}`;
      if (seen.has(key)) return false;
      if (seen.size < 1000) seen.add(key);
      return true;
    });
  };
}

/** The size of type that most characters of the page have, in points. */
function bodySizeOf(lines: Line[]): number {
  const counts = new Map<number, number>();
  for (const line of lines) {
    const size = Math.round(line.size * 2) / 2;
    counts.set(size, (counts.get(size) ?? 0) + line.text.length);
  }
  let best = 0;
  for (const [size, count] of counts) if (count > (counts.get(best) ?? 0)) best = size;
  return best;
}

/**
 * The parser goes on past broken fonts and pictures, as it should, but past lost text too, and says so only in a warning.
 * Half of a document must not pass as the whole: `raise` throws what a warning of that kind means. That it left out a
 * picture it says in a warning too: `showsPicture` has it go through all that is drawn on a page.
 */
function listenToParser(): {
  raise(): void;
  showsPicture(page: { getOperatorList(): Promise<unknown> }): Promise<boolean>;
} {
  let lost: Error | undefined;
  let pictures = 0;
  const listen = (message: unknown) => {
    const words = String(message);
    if (words.includes("Image exceeded maximum allowed size")) pictures++;
    else if (/getTextContent - ignoring (errors|XObject)|getContentStream - ignoring/.test(words))
      lost ??= new Error(words);
  };
  Reflect.set(console, "warn", listen);
  Reflect.set(console, "log", () => {});
  Reflect.set(console, "info", () => {});
  return {
    raise() {
      if (lost !== undefined) throw lost;
    },
    async showsPicture(page) {
      const before = pictures;
      await page.getOperatorList();
      return pictures > before;
    },
  };
}

function verdict(error: unknown): unknown {
  const name = error instanceof Error ? error.name : "";
  const message = error instanceof Error ? error.message : String(error);
  if (name === "PasswordException") return extractionFailure("password_protected");
  if (name === "ExtractionFailure") return error;
  // The parser turns what goes wrong inside into exceptions of its own; running out of memory must stay what it is.
  if (/memory|allocat|invalid (array|typed array|string) /i.test(message)) {
    return extractionFailure("too_much_memory", error);
  }
  return extractionFailure("damaged", error);
}

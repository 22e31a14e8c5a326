import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { PDFDocument, StandardFonts } from "pdf-lib";

export interface BenchFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** null where only the product can count them. */
  readonly pages: number | null;
}

/** The same pages of lines as PDF, DOCX and HTML: `each` files of `pages` pages of every kind, other words in each. */
export async function generatedFiles(
  each: number,
  pages: number,
  kinds: readonly (keyof typeof makers)[] = ["pdf", "docx", "html"],
): Promise<Record<string, BenchFile[]>> {
  const files: Record<string, BenchFile[]> = {};
  for (let i = 0; i < each; i++) {
    const text = writer(i + 1);
    const content = Array.from({ length: pages }, () => Array.from({ length: 5 }, () => text.paragraph()));
    for (const kind of kinds) {
      const bytes = await makers[kind](content);
      files[kind] = [...(files[kind] ?? []), { name: `report ${i}.${kind}`, bytes, pages }];
    }
  }
  return files;
}

/** The files of a folder that the caller has, by kind. */
export function filesOf(folder: string): Record<string, BenchFile[]> {
  const files: Record<string, BenchFile[]> = {};
  for (const name of readdirSync(folder).sort()) {
    const kind = /\.(pdf|docx|pptx|xlsx|odt|odp|ods|html?)$/i.exec(name)?.[1]?.toLowerCase();
    if (kind === undefined) continue;
    const file = { name, bytes: readFileSync(join(folder, name)), pages: null };
    files[kind] = [...(files[kind] ?? []), file];
  }
  return files;
}

type Content = string[][];

const makers = { pdf, docx, html };

/** Words as people use them: few of them often, most of them seldom. The same for the same seed. */
function writer(seed: number): { paragraph(): string } {
  let state = seed * 2654435761;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return state / 2 ** 32;
  };
  const syllables = [
    "ba",
    "re",
    "mo",
    "ti",
    "lu",
    "sen",
    "dor",
    "ka",
    "ves",
    "ni",
    "pol",
    "ar",
    "est",
    "ing",
    "on",
  ];
  const word = () => {
    let rank = Math.floor(20_000 ** random());
    let text = "";
    for (; rank > 0; rank = Math.floor(rank / syllables.length)) text += syllables[rank % syllables.length];
    return text || "the";
  };
  return { paragraph: () => Array.from({ length: 80 }, word).join(" ").concat(".") };
}

async function pdf(content: Content): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const paragraphs of content) {
    const page = document.addPage([595, 842]);
    let y = 790;
    for (const paragraph of paragraphs) {
      for (const line of paragraph.match(/.{1,85}(?: |$)/g) ?? []) {
        page.drawText(line.trimEnd(), { x: 60, y, size: 10, font });
        y -= 13;
      }
      y -= 12;
    }
  }
  return Buffer.from(await document.save());
}

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

function docx(content: Content): Buffer {
  const body = content.flat().map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`);
  const parts = {
    "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    "_rels/.rels": `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}" Target="word/document.xml"/></Relationships>`,
    "word/document.xml": `<w:document ${W}><w:body>${body.join("")}</w:body></w:document>`,
  };
  return Buffer.from(
    zipSync(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, strToU8(part)]))),
  );
}

function html(content: Content): Buffer {
  const body = content.flat().map((text) => `<p>${text}</p>`);
  return Buffer.from(`<!doctype html><html><title>Report</title><body>${body.join("\n")}</body></html>`);
}

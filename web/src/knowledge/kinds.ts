import type { Document } from "../api/types.ts";

export type Kind = Document["kind"];

/** Every kind that can be read, with the letters on its plate and its name in a sentence; in the order of a list of them. */
const names: Record<Kind, { plate: string; words: string; noun: string; endings: string[] }> = {
  pdf: { plate: "PDF", words: "PDF", noun: "PDF", endings: ["pdf"] },
  docx: { plate: "DOC", words: "Word", noun: "Word document", endings: ["docx"] },
  odt: { plate: "ODT", words: "OpenDocument text", noun: "OpenDocument text", endings: ["odt"] },
  rtf: { plate: "RTF", words: "Rich text", noun: "rich text document", endings: ["rtf"] },
  xlsx: { plate: "XLS", words: "Excel", noun: "Excel sheet", endings: ["xlsx"] },
  ods: {
    plate: "ODS",
    words: "OpenDocument spreadsheet",
    noun: "OpenDocument spreadsheet",
    endings: ["ods"],
  },
  csv: { plate: "CSV", words: "CSV", noun: "CSV file", endings: ["csv", "tsv"] },
  pptx: { plate: "PPT", words: "PowerPoint", noun: "PowerPoint presentation", endings: ["pptx"] },
  odp: { plate: "ODP", words: "OpenDocument slides", noun: "OpenDocument presentation", endings: ["odp"] },
  html: { plate: "HTM", words: "HTML", noun: "web page", endings: ["html", "htm"] },
  markdown: { plate: "MD", words: "Markdown", noun: "Markdown text", endings: ["md", "markdown"] },
  text: { plate: "TXT", words: "Plain text", noun: "plain text", endings: ["txt"] },
  eml: { plate: "EML", words: "Email", noun: "email", endings: ["eml"] },
  zip: { plate: "ZIP", words: "ZIP archive", noun: "ZIP archive", endings: ["zip"] },
};

// Object.keys answers the keys of the record above, which are the kinds.
export const kinds = Object.keys(names) as Kind[];

export const kindPlates = Object.fromEntries(kinds.map((kind) => [kind, names[kind].plate])) as Record<
  Kind,
  string
>;

/** "Word", "OpenDocument slides". */
export function kindWords(kind: Kind): string {
  return names[kind].words;
}

/** One of this kind, inside a sentence: "Word document", "email". */
export function kindNoun(kind: Kind): string {
  return names[kind].noun;
}

/** What the file dialog offers first. */
export const acceptedEndings = kinds
  .flatMap((kind) => names[kind].endings.map((ending) => `.${ending}`))
  .join(",");

/** What the pages of a kind are called: an Excel file has sheets, a PowerPoint file slides; a text has none. */
export function partsOf(kind: Kind): { one: string; many: string } {
  if (kind === "xlsx" || kind === "ods") return { one: "sheet", many: "sheets" };
  if (kind === "pptx" || kind === "odp") return { one: "slide", many: "slides" };
  if (kind === "zip") return { one: "file", many: "files" };
  return { one: "page", many: "pages" };
}

export function isKind(value: unknown): value is Kind {
  return typeof value === "string" && value in names;
}

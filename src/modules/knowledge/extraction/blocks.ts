import type { Kind } from "./sniff.ts";

/**
 * One piece of a document in reading order. `text` is clean: see text.ts. `page` counts pages, slides or sheets from 1;
 * null where there are none. A table is lines of cells parted by " | "; with `header` the first line names the columns.
 */
export type Block = {
  kind: "heading" | "paragraph" | "list" | "table" | "code";
  level?: number;
  header?: true;
  text: string;
  page: number | null;
};

/**
 * A document, read. `kind` is what the bytes turned out to be, which among the kinds that are zips only their reader can
 * tell; `language` is that of most of the text (ISO 639-1), null when it has none; `pictures` counts pages that are
 * pictures without text, null where there are no pages.
 */
export type Extraction = {
  kind: Kind;
  pages: number | null;
  title: string | null;
  language: string | null;
  pictures: number | null;
  blocks: Block[];
};

/** What an extractor reports, in order: what is known of the whole, then the blocks, and last the count of pictures. */
export type Report = {
  pages(count: number): void;
  title(text: string): void;
  block(block: Block): void;
  pictures(count: number): void;
};

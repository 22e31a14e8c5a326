/** One piece of a document in reading order. `text` is clean: see text.ts. `page` counts from 1; null where there are no pages. */
export type Block = {
  kind: "heading" | "paragraph" | "list" | "table" | "code";
  level?: number;
  text: string;
  page: number | null;
};

export type Extraction = { pages: number | null; title: string | null; blocks: Block[] };

/** What an extractor reports, in order: what is known of the whole, then the blocks. */
export type Report = {
  pages(count: number): void;
  title(text: string): void;
  block(block: Block): void;
};

import type { Outline } from "../../api/types.ts";
import { type Kind, partsOf } from "../kinds.ts";

/** A line of the contents: the passage it leads to; `aside` is the page, where it is another than the line before has. */
export type Entry = { no: number; words: string; depth: number; aside: string | null };

/** An entry for each heading that begins, with its depth; where the document has none, for each page. */
export function entriesOf(kind: Kind, items: Outline["items"]): Entry[] {
  const { one } = partsOf(kind);
  if (!items.some(({ heading }) => heading !== null)) {
    return items.map(({ no, page }) => ({
      no,
      words: page === null ? "Beginning" : `${one} ${page}`,
      depth: 0,
      aside: null,
    }));
  }
  const entries: Entry[] = [];
  let above: string[] = [];
  let lastPage: number | null = null;
  for (const { no, page, heading } of items) {
    const path = heading?.split(" › ") ?? [];
    const same = path.findIndex((words, depth) => words !== above[depth]);
    for (const [depth, words] of path.entries()) {
      if (same < 0 || depth < same) continue;
      entries.push({ no, words, depth, aside: page !== null && page !== lastPage ? String(page) : null });
      lastPage = page;
    }
    above = path;
  }
  return entries;
}

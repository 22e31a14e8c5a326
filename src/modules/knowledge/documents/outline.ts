import type { Ctx } from "../../../kernel/context.ts";
import { loadDocument } from "./access.ts";
import { passagesOf } from "./service.ts";

/** Where a document's pages and headings begin: a passage for each whose page or heading is another than before. */
export interface Outline {
  /** How many passages were looked at. */
  readonly passages: number;
  readonly items: { no: number; page: number | null; heading: string | null }[];
}

const AT_ONCE = 500;
/** What lies further back is reached by scrolling; a book of 5,000 pages has about 10,000 passages. */
const MOST_PASSAGES = 20_000;
const MOST_ITEMS = 5000;

/** The places of a document that one may want to go to. */
export async function readOutline(ctx: Ctx, id: string): Promise<Outline> {
  const { version_id } = await loadDocument(ctx, id, "read");
  const items: Outline["items"] = [];
  for (let from = 0; ; ) {
    const range = { from, limit: AT_ONCE };
    const { items: passages, next } = await passagesOf(ctx, id, version_id, range);
    for (const { no, page, heading } of passages) {
      const last = items.at(-1);
      if (last && last.page === page && last.heading === heading) continue;
      if (items.length < MOST_ITEMS) items.push({ no, page, heading });
    }
    from += passages.length;
    if (next === null || from >= MOST_PASSAGES) return { passages: from, items };
  }
}

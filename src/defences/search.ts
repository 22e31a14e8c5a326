import type { Defence } from "./defence.ts";

const claim = "knowledge.encrypted-search";
const index = "db/migrations/0016_index.sql";

/** Of the encrypted index. */
export const searchDefences: readonly Defence[] = [
  {
    words: "what is put into the bin is buried, so that its words leave the segments",
    claim,
    part: "gone",
    file: index,
    text: " or (old.deleted_at is null and new.deleted_at is not null))\n  execute function kernel.bury_number();",
    without: ")\n  execute function kernel.bury_number();",
  },
  {
    words: "what is buried long enough has its segments rewritten",
    claim,
    part: "gone",
    file: "src/modules/knowledge/index/tidying.ts",
    text: "return dead > table.documents.length * MUCH_DEAD || oldest <= ctx.clock().getTime() - DUE_AFTER;",
    without: "return dead > table.documents.length && oldest > 0;",
  },
  {
    words: "a share or its end changes what a process may remember of who sees what",
    claim,
    part: "at-once",
    file: index,
    text: "select kernel.watch_visibility('share');\n",
    without: "",
  },
  {
    words: "a row of the index is bound to its segment and word",
    claim,
    part: "moved",
    file: "src/modules/knowledge/search/keys.ts",
    text: "row: `${segmentId}/${termHash}`,",
    without: 'row: `${segmentId}/${termHash}`.slice(0, 0) + "any",',
  },
];

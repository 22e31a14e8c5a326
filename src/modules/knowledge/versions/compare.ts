import { diffArrays } from "diff";
import type { Ctx } from "../../../kernel/context.ts";
import { appError } from "../../../kernel/errors.ts";
import { passagesOf } from "../documents/service.ts";
import { gently } from "../gently.ts";
import { loadVersion } from "./service.ts";

export interface Comparison {
  readonly from: number;
  readonly to: number;
  readonly items: { kind: "same" | "added" | "removed"; text: string; page: number | null }[];
  /** The texts are longer, or differ more, than what is compared. */
  readonly truncated: boolean;
}

/** So many lines of each text, of so many characters, are compared: what a page can show, and a moment can do. */
const MOST_LINES = 4000;
const LONGEST_LINE = 20_000;
/** Lines that may differ before the rest is told as replaced; the work grows with its square. */
const MOST_EDITS = 1000;
const MOST_ITEMS = 8000;
/** Of what is the same, this much is shown around what is not. */
const AROUND = 2;

/**
 * How the text of the older of two versions became that of the newer, line by line; `current` is the present one. Both must be of one document. Of what is the same only the lines beside a change are told.
 */
export async function compareVersions(ctx: Ctx, id: string, withId: string): Promise<Comparison> {
  const one = await loadVersion(ctx, id, "read");
  const other = await loadVersion(ctx, withId === "current" ? one.current_id : withId, "read");
  if (one.document_id !== other.document_id)
    throw appError("invalid_input", { fields: { with: "This is a version of another document." } });
  const [from, to] = one.no < other.no ? [one, other] : [other, one];
  const [before, after] = [await linesOf(ctx, from), await linesOf(ctx, to)];
  const { items, cut } = await gently(compareLines(before.lines, after.lines));
  return { from: from.no, to: to.no, items, truncated: before.cut || after.cut || cut };
}

export interface Line {
  readonly text: string;
  readonly page: number | null;
}

async function linesOf(
  ctx: Ctx,
  { document_id, version_id }: { document_id: string; version_id: string },
): Promise<{ lines: Line[]; cut: boolean }> {
  const lines: Line[] = [];
  for (let from = 0; ; ) {
    const { items, next } = await passagesOf(ctx, document_id, version_id, { from, limit: 200 });
    for (const { text, page } of items) {
      for (const line of text.split("\n")) {
        if (lines.length === MOST_LINES) return { lines, cut: true };
        if (line.trim() !== "") lines.push({ text: line.slice(0, LONGEST_LINE), page });
      }
    }
    if (next === null) return { lines, cut: false };
    from = Number(next);
  }
}

/** In steps, beside whoever else is waiting: what begins and ends alike is set aside, the middle compared. */
export function* compareLines(
  before: readonly Line[],
  after: readonly Line[],
): Generator<void, Pick<Comparison, "items"> & { cut: boolean }> {
  let head = 0;
  while (head < Math.min(before.length, after.length) && before[head]?.text === after[head]?.text) head++;
  let tail = 0;
  while (
    tail < Math.min(before.length, after.length) - head &&
    before.at(-1 - tail)?.text === after.at(-1 - tail)?.text
  )
    tail++;
  yield;
  const [old, now] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  const found = diffArrays(
    old.map((line) => line.text),
    now.map((line) => line.text),
    { maxEditLength: MOST_EDITS },
  );
  yield;
  const items: Comparison["items"] = [];
  const add = (kind: Comparison["items"][number]["kind"], lines: readonly Line[]) => {
    for (const { text, page } of lines) items.push({ kind, text, page });
  };
  add("same", after.slice(Math.max(0, head - AROUND), head));
  let [atOld, atNow] = [0, 0];
  for (const part of found ?? [
    { removed: true, added: false, count: old.length },
    { removed: false, added: true, count: now.length },
  ]) {
    const count = part.count ?? 0;
    if (part.removed) add("removed", old.slice(atOld, atOld + count));
    else if (part.added) add("added", now.slice(atNow, atNow + count));
    else if (count <= 2 * AROUND) add("same", now.slice(atNow, atNow + count));
    else {
      add("same", now.slice(atNow, atNow + AROUND));
      add("same", now.slice(atNow + count - AROUND, atNow + count));
    }
    if (!part.added) atOld += count;
    if (!part.removed) atNow += count;
  }
  add("same", after.slice(after.length - tail, after.length - tail + AROUND));
  return { items: items.slice(0, MOST_ITEMS), cut: found === undefined || items.length > MOST_ITEMS };
}

import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";

/**
 * A place in what a search found, such as `20.1f0c…`: how many came before, and a keyed mark of the last of them. The
 * ranking is made anew for each page; the mark finds the place again when something was added or deleted meanwhile.
 */
export const CURSOR = /^(\d{1,4})\.([0-9a-f]{16})$/;

interface Placed {
  readonly passage: number;
}

export const cursorOf = (keys: TenantKeys, before: number, last: Placed): string =>
  `${before}.${markOf(keys, last)}`;

/** How many of the hits come before the page that the cursor asks for. */
export function afterCursor(keys: TenantKeys, cursor: string, hits: readonly Placed[]): number {
  const [, before = "0", mark] = CURSOR.exec(cursor) ?? [];
  const expected = Number(before);
  const last = hits[expected - 1];
  if (last && markOf(keys, last) === mark) return expected;
  const moved = hits.findIndex((hit) => markOf(keys, hit) === mark);
  return moved < 0 ? expected : moved + 1;
}

// Numbers of passages count up in the whole workspace: what is shown of them tells nothing.
const markOf = (keys: TenantKeys, { passage }: Placed): string =>
  keys.lookup("knowledge.search-cursor", String(passage)).toString("hex", 0, 8);

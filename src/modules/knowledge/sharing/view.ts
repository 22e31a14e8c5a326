import { appError } from "../../../kernel/errors.ts";
import type { Access } from "./reach.ts";

/** What the acting member may do with an object. */
export type AccessView = "own" | Access;
/** Whom it is open to: nobody else, some, or the whole workspace. */
export type Visibility = "private" | "shared" | "tenant";

interface Reached {
  readonly owner_id: string;
  readonly reached: Access | null;
}

/** Whoever sees a row without owning it or being given it has opened it, to read. */
export const accessOf = (row: Reached, viewer: string): AccessView =>
  row.owner_id === viewer ? "own" : (row.reached ?? "read");

export function visibilityOf(row: { readonly whole: boolean; readonly shared: boolean }): Visibility {
  if (row.whole) return "tenant";
  return row.shared ? "shared" : "private";
}

/** What is asked of a row that its reader may see. Throws `forbidden`. */
export function demandAccess(row: Reached, viewer: string, to: "read" | "write" | "own"): void {
  const has = accessOf(row, viewer);
  if (to === "own" && has !== "own") throw appError("forbidden", { message: "Only its owner can do this." });
  if (to === "write" && has === "read")
    throw appError("forbidden", { message: "You may read this, not change it. Ask its owner." });
}

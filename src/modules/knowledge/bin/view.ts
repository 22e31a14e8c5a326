import { days, later } from "../../../kernel/clock.ts";

/** What is recorded of a thing in the bin. */
export const EVENTS = {
  document: { deleted: "document.deleted", restored: "document.restored", purged: "document.purged" },
  folder: { deleted: "folder.deleted", restored: "folder.restored", purged: "folder.purged" },
} as const;

/** How long what was deleted can be brought back. */
export const KEPT_FOR = days(30);

/** What was deleted before this is gone. */
export const goneBefore = (now: Date): Date => later(now, -KEPT_FOR);

/** Something in its owner's bin, as the interface shows it. Its id is that of the document or the folder. */
export interface Binned {
  readonly id: string;
  readonly kind: "document" | "folder";
  readonly name: string;
  readonly deletedAt: string;
  /** When it is gone for ever. */
  readonly until: string;
  /** Who deleted it: somebody else where it lay in their folder. */
  readonly by: { readonly id: string; readonly name: string };
  /** Where it lay, if the reader sees that folder now. */
  readonly from: { readonly id: string; readonly name: string } | null;
  /** How many documents come back with it. */
  readonly documents: number;
}

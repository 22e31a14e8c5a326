import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Person } from "../../trust/stage/people.ts";

export interface File {
  readonly id: string;
  readonly given: string;
  readonly bytes: Buffer;
  /** The name in the file store. */
  readonly stored: string;
}

export interface Kept {
  readonly owner: Person;
  readonly files: readonly File[];
}

/** Stands in every original, and nowhere else. */
export const WORD = `Z${randomBytes(12).toString("hex")}`;

export const pathOf = (home: string, stored: string): string =>
  join(home, "files", stored.slice(0, 2), stored);

import { z } from "zod";

/** The last row of a page: lists are ordered by a time and, within it, by id, both newest first. */
export interface Place {
  readonly at: Date;
  readonly id: string;
}

// Milliseconds of 14 digits end in the year 5138: every such time can be said to PostgreSQL.
const CURSOR = /^(\d{1,14})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** `cursor` and `limit` of a list's query; an empty cursor is the beginning. */
export const paging = (most: number, usual = 50) => ({
  cursor: z
    .string()
    .max(60)
    .refine(
      (value) => value === "" || CURSOR.test(value),
      "Use the cursor that the page before gave as next.",
    )
    .transform(placeOf)
    .optional(),
  limit: z.coerce.number().int().min(1).max(most).default(usual),
});

export interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** Makes a page of rows of which one more than `limit` was asked for. */
export function pageOf<R, T>(
  rows: R[],
  limit: number,
  place: (row: R) => Place,
  view: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), next: last && rows.length > limit ? cursorOf(place(last)) : null };
}

const cursorOf = ({ at, id }: Place): string => `${at.getTime()}.${id}`;

function placeOf(cursor: string): Place | undefined {
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  return at && id ? { at: new Date(Number(at)), id } : undefined;
}

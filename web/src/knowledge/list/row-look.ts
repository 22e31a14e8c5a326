/** The columns, alike in the heads and in every row: box, name, who can see it, pages, day, more. */
const columns =
  "grid grid-cols-[2.25rem_minmax(0,1fr)_2.75rem] sm:grid-cols-[2.25rem_minmax(0,1fr)_11rem_5.5rem_5.5rem] md:grid-cols-[2.25rem_minmax(0,1fr)_10rem_5rem_5.5rem_5.5rem] lg:grid-cols-[2.25rem_minmax(0,1fr)_15rem_5rem_6rem_5.5rem]";

export const headColumns = `${columns} items-center border-b border-line text-small text-muted`;

export const rowColumns = `${columns} group/row absolute inset-x-0 top-0 min-h-11 items-start border-b border-line -outline-offset-2 transition-colors hover:bg-accent-soft focus-visible:bg-accent-soft aria-selected:bg-accent-soft has-[[data-over]]:bg-accent-soft has-[[data-over]]:outline-2 has-[[data-over]]:outline-accent`;

/** The row that an event came from, and what of it: its box, or a control that does something itself. */
export function rowOf(
  target: EventTarget | null,
): { row: HTMLElement; index: number; box: boolean; control: boolean } | null {
  if (!(target instanceof Element) || target.closest("dialog, [role=menu]")) return null;
  const row = target.closest<HTMLElement>("[role=row][data-index]");
  if (!row) return null;
  return {
    row,
    index: Number(row.dataset.index),
    box: target.closest("[data-box]") !== null,
    control: target.closest("a, button, input, label") !== null,
  };
}

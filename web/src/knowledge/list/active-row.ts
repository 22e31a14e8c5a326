import { type FocusEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Item } from "./items.ts";

/**
 * Which row of the grid takes the keys: `at`, an index among `rows` and those that are still to come. It stays with its
 * row when others come before it, and goes on to the next when its row has gone.
 */
export function useActiveRow(grid: RefObject<HTMLElement | null>, rows: Item[], count: number) {
  const [active, setActive] = useState<{ index: number; id: string | null }>({ index: 0, id: null });
  const at = indexOf(rows, active, count);
  const rowElement = () => grid.current?.querySelector<HTMLElement>(`[role=row][data-index="${at}"]`);

  // A row that was out of sight is drawn first and takes the focus then.
  const wantsFocus = useRef(false);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const row = rowElement();
    if (!row) return;
    wantsFocus.current = false;
    row.focus({ preventScroll: true });
  });

  // The row that has the focus may go, into the bin or to another folder: the focus stays in the grid.
  const kept = useRef(false);
  useEffect(() => {
    const elsewhere = ({ target }: PointerEvent) => {
      if (target instanceof Node && !grid.current?.contains(target)) kept.current = false;
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [grid]);
  useEffect(() => {
    if (kept.current && document.activeElement === document.body)
      rowElement()?.focus({ preventScroll: true });
  });

  return {
    at,
    activate: (index: number) => setActive({ index, id: rows[index]?.id ?? null }),
    focusSoon: () => {
      wantsFocus.current = true;
    },
    kept: {
      onFocus: () => {
        kept.current = true;
      },
      onBlur: ({ relatedTarget }: FocusEvent) => {
        if (!(relatedTarget instanceof Element)) return;
        // A dialog gives the focus back.
        if (!grid.current?.contains(relatedTarget) && !relatedTarget.closest("dialog")) kept.current = false;
      },
    },
  };
}

function indexOf(rows: Item[], { index, id }: { index: number; id: string | null }, count: number): number {
  const last = Math.max(0, count - 1);
  if (id === null || rows[index]?.id === id) return Math.min(index, last);
  const found = rows.findIndex((row) => row.id === id);
  return found >= 0 ? found : Math.min(index, last);
}

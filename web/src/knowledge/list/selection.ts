import { useCallback, useMemo, useState } from "react";
import type { Item } from "./items.ts";

/** Which rows are selected. What is no longer in the list is no longer selected. */
export function useSelection(rows: Item[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set());
  /** Where a range begins: the row that was chosen last without Shift. */
  const [anchor, setAnchor] = useState<string | null>(null);
  const items = useMemo(() => (chosen.size ? rows.filter(({ id }) => chosen.has(id)) : []), [rows, chosen]);

  const only = useCallback((id: string) => {
    setChosen(new Set([id]));
    setAnchor(id);
  }, []);
  const toggle = useCallback((id: string) => {
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
    setAnchor(id);
  }, []);
  const upTo = useCallback(
    (id: string) => {
      const to = rows.findIndex((row) => row.id === id);
      const from = Math.max(
        0,
        rows.findIndex((row) => row.id === (anchor ?? id)),
      );
      const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
      setChosen((old) => new Set([...old, ...range.map((row) => row.id)]));
      if (!anchor) setAnchor(id);
    },
    [rows, anchor],
  );
  const all = useCallback(() => setChosen(new Set(rows.map(({ id }) => id))), [rows]);
  const clear = useCallback(() => {
    setChosen(new Set());
    setAnchor(null);
  }, []);
  return { items, chosen, only, toggle, upTo, all, clear };
}

export type Selection = ReturnType<typeof useSelection>;

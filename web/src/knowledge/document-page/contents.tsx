import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Outline } from "../../api/types.ts";
import { classes } from "../../ui/classes.ts";
import { FilterField } from "../../ui/filter-field.tsx";
import { folded } from "../../ui/picker.tsx";
import type { Kind } from "../kinds.ts";
import { entriesOf } from "./entries.ts";

/**
 * Headings, and where there are none pages, each a way to its place; only those in sight are drawn. Where one is now is
 * marked, and kept in sight.
 */
export function Contents(props: {
  kind: Kind;
  items: Outline["items"];
  place: number;
  onGo: (no: number) => void;
}) {
  const [q, setQ] = useState("");
  const entries = useMemo(() => entriesOf(props.kind, props.items), [props.kind, props.items]);
  const here = entries.findLast(({ no }) => no <= props.place) ?? entries[0];
  const wanted = folded(q.trim());
  const found = wanted ? entries.filter(({ words }) => folded(words).includes(wanted)) : entries;
  const at = here ? found.indexOf(here) : -1;
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => box.current,
    estimateSize: () => 28,
    overscan: 12,
  });
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: "auto" });
  }, [at, rows]);
  return (
    <nav aria-label="Contents" className="flex min-h-0 flex-col">
      {entries.length > 15 && (
        <div className="mb-2">
          <FilterField label="Find a heading" value={q} onChange={setQ} />
        </div>
      )}
      {found.length === 0 && <p className="py-1 text-small text-muted">No heading has this.</p>}
      <div ref={box} className="max-h-[70dvh] min-h-0 overflow-y-auto border-l border-line">
        <ol className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const entry = found[row.index];
            return (
              entry && (
                <li
                  key={row.key}
                  ref={rows.measureElement}
                  data-index={row.index}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <button
                    type="button"
                    aria-current={entry === here ? "location" : undefined}
                    onClick={() => props.onGo(entry.no)}
                    className={classes(
                      "flex w-full items-baseline gap-2 border-l-2 py-1 pr-2 text-left text-small -outline-offset-2 hover:text-ink",
                      indents[Math.min(entry.depth, indents.length - 1)],
                      entry === here
                        ? "border-accent font-semibold text-ink"
                        : "border-transparent text-muted",
                    )}
                  >
                    <span className="line-clamp-2 min-w-0 flex-1 wrap-anywhere">{entry.words}</span>
                    {entry.aside && <span className="shrink-0">{entry.aside}</span>}
                  </button>
                </li>
              )
            );
          })}
        </ol>
      </div>
    </nav>
  );
}

const indents = ["pl-3", "pl-6", "pl-9", "pl-11"];

import { ArrowDown, ArrowUp } from "lucide-react";
import { useEffect, useRef } from "react";
import { GridPart } from "./grid-part.tsx";
import { headColumns } from "./row-look.ts";
import type { Sort, View } from "./view.ts";

/** The heads of the columns; those that can be sorted by are buttons. A phone has the first two, and the menu above the list. */
export function HeaderRow(props: {
  view: View;
  onView: (view: View) => void;
  all: boolean;
  some: boolean;
  onAll: () => void;
}) {
  const { view, onView } = props;
  const sort = view.sort ?? "newest";
  const box = useRef<HTMLInputElement>(null);
  const mixed = props.some && !props.all;
  useEffect(() => {
    if (box.current) box.current.indeterminate = mixed;
  }, [mixed]);
  const by = (next: Sort) => () => onView({ ...view, sort: next });
  const day = sort === "changed" ? "Changed" : "Added";
  return (
    <GridPart role="rowgroup" className="sticky top-0 z-[5] bg-paper">
      <GridPart role="row" aria-rowindex={1} className={headColumns}>
        <GridPart role="columnheader" className="flex">
          <label className="flex h-10 w-full items-center justify-center pr-1">
            <input
              ref={box}
              type="checkbox"
              aria-label="Select all"
              checked={props.all}
              onChange={props.onAll}
              className="size-[15px] accent-[var(--accent)] opacity-60 checked:opacity-100 hover:opacity-100"
            />
          </label>
        </GridPart>
        <GridPart role="columnheader" aria-sort={sort === "name" ? "ascending" : undefined}>
          <Head words="Name" arrow={sort === "name" ? "up" : null} onClick={by("name")} />
        </GridPart>
        <GridPart role="columnheader" className="font-medium max-sm:hidden">
          Who can see it
        </GridPart>
        <GridPart
          role="columnheader"
          aria-sort={sort === "largest" ? "descending" : undefined}
          className="max-md:hidden"
        >
          {sort === "largest" ? (
            <Head words="Size" arrow="down" onClick={by("largest")} />
          ) : (
            <span className="font-medium">Pages</span>
          )}
        </GridPart>
        <GridPart
          role="columnheader"
          className="max-sm:hidden"
          aria-sort={
            sort === "oldest" ? "ascending" : sort === "name" || sort === "largest" ? undefined : "descending"
          }
        >
          <Head
            words={day}
            arrow={sort === "oldest" ? "up" : sort === "name" || sort === "largest" ? null : "down"}
            onClick={by(sort === "newest" ? "oldest" : "newest")}
          />
        </GridPart>
        <GridPart role="columnheader">
          <span className="sr-only">More</span>
        </GridPart>
      </GridPart>
    </GridPart>
  );
}

function Head(props: { words: string; arrow: "up" | "down" | null; onClick: () => void }) {
  const Arrow = props.arrow === "up" ? ArrowUp : ArrowDown;
  return (
    <button
      type="button"
      onClick={props.onClick}
      className="inline-flex min-h-8 items-center gap-1 rounded-sm font-medium hover:text-ink"
    >
      <span className="sr-only">Sort by </span>
      {props.words}
      {props.arrow && <Arrow size={13} aria-hidden className="text-accent" />}
    </button>
  );
}

import { useNavigate } from "@tanstack/react-router";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type MouseEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Folder } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import type { useDocuments } from "../documents.ts";
import type { Tree } from "../folders/folders.ts";
import { useActiveRow } from "./active-row.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { useDeeds } from "./deeds.ts";
import { GridPart } from "./grid-part.tsx";
import { HeaderRow } from "./header-row.tsx";
import { type Item, useItems } from "./items.ts";
import { useKeptScroll } from "./kept-scroll.ts";
import { type Asked, ListDialogs } from "./list-dialogs.tsx";
import { rowOf } from "./row-look.ts";
import { Row, WaitingRow } from "./rows.tsx";
import { scroller, useScrollMargin } from "./scroll-margin.ts";
import { useSelection } from "./selection.ts";
import type { View } from "./view.ts";

const nothing: never[] = [];

/**
 * Folders and documents as a grid (ARIA APG): one row is active and takes the keys; Tab goes through what stands in it
 * and then out. `everywhere`: what was found in all folders, each with its place.
 */
export function DocumentList(props: {
  view: View;
  onView: (view: View) => void;
  tree: Tree;
  folders: Folder[];
  documents: ReturnType<typeof useDocuments>;
  everywhere: boolean;
}) {
  const { view, tree, documents, everywhere } = props;
  const session = useSession();
  const navigate = useNavigate();
  const { pages } = documents.data ?? { pages: nothing };
  const loaded = useMemo(() => pages.flatMap((page) => page.items), [pages]);
  const rows = useItems(props.folders, loaded);
  const selection = useSelection(rows);
  useKeptScroll();
  const { bin } = useDeeds();
  const [asked, setAsked] = useState<Asked | null>(null);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = documents;
  // The whole height is there before the rows are, so that the scroll bar tells the truth.
  const total = view.q ? loaded.length + 1 : Math.max(pages[0]?.total ?? 0, loaded.length + 1);
  const count = hasNextPage ? props.folders.length + total : rows.length;

  const grid = useRef<HTMLDivElement>(null);
  const { at, activate, focusSoon, kept } = useActiveRow(grid, rows, count);
  const body = useRef<HTMLDivElement>(null);
  const scrollMargin = useScrollMargin(body);
  const virtual = useVirtualizer({
    count,
    getScrollElement: scroller,
    estimateSize: () => 45,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 10,
    scrollMargin,
    scrollPaddingStart: 52,
    scrollPaddingEnd: 12,
    // The active row stays, wherever one scrolls: the focus would be lost with it.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      if (at >= count || shown.includes(at)) return shown;
      return at < range.startIndex ? [at, ...shown] : [...shown, at];
    },
  });
  const lines = virtual.getVirtualItems();

  // Rows are asked for until those in sight are there, and all of them when everything is to be selected.
  const [wantsAll, setWantsAll] = useState(false);
  const last = lines.at(-1)?.index ?? 0;
  useEffect(() => {
    if (!hasNextPage || isFetchingNextPage || isFetchNextPageError) return;
    if (wantsAll || last >= rows.length - 40) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, wantsAll, last, rows.length]);
  useEffect(() => {
    if (!wantsAll || (hasNextPage && !isFetchNextPageError)) return;
    setWantsAll(false);
    selection.all();
  }, [wantsAll, hasNextPage, isFetchNextPageError, selection]);

  const goTo = (index: number) => {
    const to = Math.max(0, Math.min(count - 1, index));
    activate(to);
    focusSoon();
    virtual.scrollToIndex(to, { align: "auto" });
    return rows[to];
  };
  const open = (item: Item) =>
    void (item.kind === "folder"
      ? navigate({ to: "/t/$slug/library", params: { slug: session.slug }, search: { folder: item.id } })
      : navigate({
          to: "/t/$slug/library/$documentId",
          params: { slug: session.slug, documentId: item.id },
        }));
  const selectAll = () => (hasNextPage ? setWantsAll(true) : selection.all());
  const toBin = (items: Item[]) => {
    if (items.some(({ kind }) => kind === "folder")) return setAsked({ what: "bin", items });
    void bin(items, selection.clear);
  };
  /** What a deed is done to: all that is selected, or else the active row. */
  const meant = (item: Item | undefined): Item[] =>
    selection.items.length ? selection.items : item ? [item] : [];

  function onKeyDown(event: KeyboardEvent) {
    if (event.defaultPrevented || !(event.target instanceof HTMLElement)) return;
    const row = event.target.closest<HTMLElement>("[role=row][data-index]");
    if (!row || event.target.closest("dialog, [role=menu]")) return;
    const onRow = event.target === row;
    const item = rows[at];
    const command = event.ctrlKey || event.metaKey;
    const step = steps[event.key];
    if (step !== undefined && !event.altKey) {
      if (event.shiftKey && item && !selection.chosen.size) selection.only(item.id);
      const next = goTo(step(at, count));
      if (event.shiftKey && next) selection.upTo(next.id);
    } else if (event.key === "Escape") {
      if (!onRow) row.focus();
      else if (selection.chosen.size) selection.clear();
      else return;
    } else if (command && event.key.toLowerCase() === "a") selectAll();
    else if ((event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) && onRow)
      row
        .querySelector("[aria-haspopup=menu]")
        ?.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, button: 0 }));
    else if (event.key === "F2" && item && mayChange(item)) setAsked({ what: "rename", item });
    else if (isDelete(event) && session.can("document.delete")) toBin(meant(item));
    else if (event.key === "ArrowLeft" && !onRow) row.focus();
    else if (!onRow || !item) return;
    else if (event.key === " ") {
      if (event.shiftKey) selection.upTo(item.id);
      else selection.toggle(item.id);
    } else if (event.key === "Enter") open(item);
    else if (event.key === "m" && !command && session.can("document.move"))
      setAsked({ what: "move", items: meant(item) });
    else if (event.key === "ArrowRight") row.querySelector<HTMLElement>("a, button")?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const mayChange = (item: Item) =>
    item.thing.access !== "read" && session.can(item.kind === "folder" ? "folder.change" : "document.change");

  function onClick(event: MouseEvent) {
    const found = rowOf(event.target);
    const item = found && rows[found.index];
    if (!item || event.defaultPrevented) return;
    // A click beside the box is given to the box as another one.
    if (found.box && !(event.target instanceof HTMLInputElement)) return;
    activate(found.index);
    if (event.shiftKey) selection.upTo(item.id);
    else if (event.ctrlKey || event.metaKey || found.box) selection.toggle(item.id);
    else if (found.control) return;
    else if (window.matchMedia("(pointer: coarse)").matches) {
      if (selection.chosen.size) selection.toggle(item.id);
      else open(item);
    } else selection.only(item.id);
    if (found.box) return;
    // A name is a link, and with Shift or Ctrl the browser would open a window.
    event.preventDefault();
    window.getSelection()?.removeAllRanges();
    found.row.focus({ preventScroll: true });
  }
  const dragged = useRef<(item: Item) => Item[]>(() => []);
  dragged.current = (item) => (selection.chosen.has(item.id) ? selection.items : [item]);
  const itemsWith = useCallback((item: Item) => dragged.current(item), []);

  return (
    <>
      <BulkBar
        items={selection.items}
        total={count}
        collecting={wantsAll}
        onAll={selectAll}
        onClear={selection.clear}
        onMove={() => setAsked({ what: "move", items: selection.items })}
        onBin={() => toBin(selection.items)}
      />
      <GridPart
        ref={grid}
        role="grid"
        aria-label="Folders and documents"
        aria-multiselectable="true"
        aria-rowcount={hasNextPage && view.q ? -1 : count + 1}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onDoubleClick={(event) => {
          const found = rowOf(event.target);
          const item = found && !found.control && rows[found.index];
          if (item && !window.matchMedia("(pointer: coarse)").matches) open(item);
        }}
        onMouseDown={(event) => {
          // A range of rows, not of words.
          if (event.shiftKey && rowOf(event.target)) event.preventDefault();
        }}
        onBlur={kept.onBlur}
        onFocus={(event) => {
          kept.onFocus();
          const found = rowOf(event.target);
          if (found && found.index !== at) activate(found.index);
        }}
      >
        <HeaderRow
          view={view}
          onView={props.onView}
          all={selection.chosen.size > 0 && selection.items.length === count}
          some={selection.chosen.size > 0}
          onAll={() => (selection.chosen.size ? selection.clear() : selectAll())}
        />
        <GridPart ref={body} role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {lines.map(({ index, start, key }) => {
            const item = rows[index];
            const place = {
              index,
              top: start - scrollMargin,
              active: index === at,
              measure: virtual.measureElement,
            };
            return item ? (
              <Row
                key={key}
                {...place}
                item={item}
                tree={tree}
                everywhere={everywhere}
                sort={view.sort}
                selected={selection.chosen.has(item.id)}
                itemsWith={itemsWith}
              />
            ) : (
              <WaitingRow key={key} {...place} />
            );
          })}
        </GridPart>
      </GridPart>
      <ListDialogs asked={asked} onClose={() => setAsked(null)} onDone={selection.clear} />
    </>
  );
}

// Where each key leads: the page is as many rows as are in sight.
const steps: Record<string, (at: number, count: number) => number> = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  Home: () => 0,
  End: (_, count) => count - 1,
  PageDown: (at) => at + rowsInSight(),
  PageUp: (at) => at - rowsInSight(),
};

const rowsInSight = (): number => Math.max(1, Math.floor(((scroller()?.clientHeight ?? 500) - 60) / 45));

const isDelete = ({ key, metaKey }: KeyboardEvent): boolean =>
  key === "Delete" || (key === "Backspace" && metaKey);

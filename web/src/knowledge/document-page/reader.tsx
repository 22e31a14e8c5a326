import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ErrorPanel, Skeleton } from "../../ui/states.tsx";
import type { Kind } from "../kinds.ts";
import { type Marks, Passages, type Sought } from "../passages.tsx";
import { type TextOf, useText } from "./reading.ts";

/** Where to go: a passage, and with it a number that is another each time, so that one can go to the same place twice. */
export type Target = { no: number; time: number };

/** The element of the frame that scrolls. */
const scroller = () => document.getElementById("page");

/**
 * A document's text, of any length: what is in sight and around it is loaded, the rest as one scrolls or goes there.
 * `onPlace` is told the passage at the upper edge. `linkTo`: see Passages.
 */
export function Reader(props: {
  text: TextOf;
  kind: Kind;
  marks: Marks;
  sought?: Sought | null;
  target: Target | null;
  linkTo?: string;
  onPlace?: (no: number) => void;
  empty: ReactNode;
}) {
  const { target } = props;
  const [begin, setBegin] = useState(() => startBefore(target?.no ?? 0));
  const text = useText(props.text, begin);
  const pages = text.data?.pages ?? [];
  const items = pages.flatMap((page) => page.items);
  const first = items[0];
  const last = items.at(-1);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = text;
  const { hasPreviousPage, isFetchingPreviousPage, fetchPreviousPage } = text;
  const more = useNear(hasNextPage && !isFetchingNextPage, fetchNextPage);
  const arrived = useRef(0);

  // A place that is not loaded is where loading begins anew.
  useEffect(() => {
    if (!target || !first || !last || arrived.current === target.time) return;
    const missing = target.no < first.no || (target.no > last.no && hasNextPage);
    if (missing && begin !== startBefore(target.no)) {
      setBegin(startBefore(target.no));
      return;
    }
    arrived.current = target.time;
    const place = document.getElementById(`p${Math.min(target.no, last.no)}`);
    const mark = place?.querySelector("mark");
    (mark ?? place)?.scrollIntoView({ block: mark ? "center" : "start" });
  }, [target, first, last, begin, hasNextPage]);

  // Only once one has arrived: what comes before would push the place away while it is looked for.
  const settled = !target || arrived.current === target.time;
  const earlier = useNear(hasPreviousPage && !isFetchingPreviousPage && settled, fetchPreviousPage);
  useKeptPlace(first?.no);
  usePlace(props.onPlace);

  if (text.isPending) return <Skeleton label="Loading the text" lines={9} tall />;
  if (text.isError && !text.data)
    return <ErrorPanel error={text.error} onRetry={() => void text.refetch()} />;
  if (!items.length) return props.empty;
  return (
    <div className="max-w-[68ch] [overflow-anchor:none]">
      {hasPreviousPage && (
        <div ref={earlier} className="mb-6 flex justify-center">
          <Button small busy={isFetchingPreviousPage} onClick={() => void fetchPreviousPage()}>
            Show what comes before
          </Button>
        </div>
      )}
      {pages.map((page, index) => (
        <Passages
          key={page.items[0]?.no}
          items={page.items}
          kind={props.kind}
          marks={props.marks}
          sought={props.sought ?? null}
          before={pages[index - 1]?.items.at(-1) ?? null}
          firstPage={index === 0}
          {...(props.linkTo ? { linkTo: props.linkTo } : {})}
        />
      ))}
      {text.isFetchNextPageError && (
        <p role="alert" className="pt-2 text-center text-small text-broken">
          The rest could not be loaded. Try again.
        </p>
      )}
      {hasNextPage && (
        <div ref={more} className="flex justify-center pt-4">
          <Button small busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

/** Reading begins shortly before the place, so that its surroundings are there at once. */
function startBefore(no: number): number {
  return Math.max(0, no - 15);
}

/** Runs `load` when the element comes near to what is in sight. */
function useNear(ready: boolean, load: () => unknown) {
  const element = useRef<HTMLDivElement>(null);
  const run = useRef(load);
  run.current = load;
  useEffect(() => {
    const target = element.current;
    if (!target || !ready) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void run.current();
      },
      { root: scroller(), rootMargin: "1200px 0px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [ready]);
  return element;
}

/** What is in sight stays there when passages are put before it; not every browser does that by itself. */
function useKeptPlace(first: number | undefined): void {
  const before = useRef({ first, height: 0 });
  useLayoutEffect(() => {
    const box = scroller();
    if (!box) return;
    const { first: old, height } = before.current;
    if (old !== undefined && first !== undefined && first < old && height > 0)
      box.scrollTop += box.scrollHeight - height;
    before.current = { first, height: box.scrollHeight };
  });
}

function usePlace(onPlace: ((no: number) => void) | undefined): void {
  const tell = useRef(onPlace);
  tell.current = onPlace;
  useEffect(() => {
    const box = scroller();
    if (!box) return;
    let waiting = 0;
    const look = () => {
      waiting = 0;
      const { left, top, width } = box.getBoundingClientRect();
      // Below the bar that stays at the upper edge; a little to the side of the middle, where there is always text.
      for (const down of [110, 150, 190]) {
        const place = document
          .elementFromPoint(left + width * 0.4, top + down)
          ?.closest<HTMLElement>("[data-passage]");
        if (!place) continue;
        tell.current?.(Number(place.dataset.passage));
        return;
      }
    };
    const onScroll = () => {
      if (!waiting) waiting = requestAnimationFrame(look);
    };
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      box.removeEventListener("scroll", onScroll);
      cancelAnimationFrame(waiting);
    };
  }, []);
}

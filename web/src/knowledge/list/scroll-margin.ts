import { type RefObject, useLayoutEffect, useState } from "react";

/** What scrolls: the page inside the frame. */
export const scroller = (): HTMLElement | null => document.getElementById("page");

/** How far below the beginning of the page a list begins; follows what grows and shrinks above it. */
export function useScrollMargin(list: RefObject<HTMLElement | null>): number {
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    const page = scroller();
    if (!page) return;
    const measure = () => {
      if (!list.current) return;
      const top =
        list.current.getBoundingClientRect().top - page.getBoundingClientRect().top + page.scrollTop;
      setMargin(Math.round(top));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(page);
    for (let part = list.current?.parentElement; part && part !== page; part = part.parentElement)
      observer.observe(part);
    return () => observer.disconnect();
  }, [list]);
  return margin;
}

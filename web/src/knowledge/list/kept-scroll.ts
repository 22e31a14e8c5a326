import { useLocation } from "@tanstack/react-router";
import { useLayoutEffect } from "react";
import { scroller } from "./scroll-margin.ts";

const places = new Map<string, number>();

/** Begins a list at its top, and where one had been when one comes back to it through the browser's history. */
export function useKeptScroll(): void {
  const entry = useLocation({ select: ({ state }) => state.__TSR_key ?? "" });
  useLayoutEffect(() => {
    const page = scroller();
    if (!page) return;
    page.scrollTop = places.get(entry) ?? 0;
    const keep = () => void places.set(entry, page.scrollTop);
    page.addEventListener("scroll", keep, { passive: true });
    return () => page.removeEventListener("scroll", keep);
  }, [entry]);
}

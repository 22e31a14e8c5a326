import { useEffect, useRef, useState } from "react";
import { plural } from "../../ui/time.tsx";
import { useDocuments } from "../documents.ts";
import type { View } from "./view.ts";

/** Looks for names and text; what is typed comes into the address a moment later. */
export function SearchField({
  view,
  onView,
}: {
  view: View;
  onView: (view: View, replace?: boolean) => void;
}) {
  const { q = "" } = view;
  const total = useDocuments(view).data?.pages[0]?.total;
  const [text, setText] = useState(q);
  const field = useRef<HTMLInputElement>(null);
  const look = useRef(onView);
  look.current = onView;

  useEffect(() => {
    if (window.location.hash === "#search") field.current?.focus();
  }, []);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === q) return;
    const timer = setTimeout(() => {
      const { q: _old, ...rest } = view;
      look.current(wanted ? { ...rest, q: wanted } : rest, true);
    }, 180);
    return () => clearTimeout(timer);
  }, [text, q, view]);

  return (
    <search className="relative block w-full sm:w-[17.5rem]">
      <input
        ref={field}
        data-search
        type="search"
        aria-label="Search names and text"
        aria-keyshortcuts="/"
        placeholder={total ? `Search ${plural(total, "document")}` : "Search names and text"}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText("");
          event.currentTarget.blur();
        }}
        className="min-h-9 w-full rounded-md border border-line bg-surface pr-9 pl-3.5 hover:border-edge focus:border-accent [&::-webkit-search-cancel-button]:hidden"
      />
      <span
        aria-hidden="true"
        className="pointer-events-none absolute top-1.5 right-3.5 text-muted pointer-coarse:hidden"
      >
        /
      </span>
    </search>
  );
}

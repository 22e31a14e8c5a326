import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useSession } from "../identity/session.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { placesOf } from "./places.ts";

/**
 * Shortcuts of the whole frame: `/` search, `g` and a letter for a place, `?` the list. None fires while
 * somebody types, with a modifier held, or while a dialog or menu is open.
 */
export function Keyboard() {
  const session = useSession();
  const navigate = useNavigate();
  const [listed, setListed] = useState(false);
  const waitingSince = useRef(0);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      if (document.querySelector("dialog[open], [role=menu]")) return;
      if (performance.now() - waitingSince.current < 1500) {
        waitingSince.current = 0;
        const place = placesOf(session).find((candidate) => candidate.key === event.key);
        if (place) {
          event.preventDefault();
          void navigate({ to: place.to, params: { slug: session.slug } });
          return;
        }
      }
      if (event.key === "g") waitingSince.current = performance.now();
      if (event.key === "?") {
        event.preventDefault();
        setListed(true);
      }
      if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        if (field) field.focus();
        else if (session.can("search.use"))
          void navigate({ to: "/t/$slug/search", params: { slug: session.slug } });
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate, session]);

  if (!listed) return null;
  return (
    <Dialog title="Keyboard" onClose={() => setListed(false)}>
      <dl className="grid grid-cols-[6rem_1fr] items-baseline gap-y-2.5">
        <Keys keys={["/"]} words="Search" />
        <Keys keys={["↓", "↑"]} words="Among what was found" />
        {placesOf(session).map((place) => (
          <Keys key={place.key} keys={["g", place.key]} words={place.words} />
        ))}
        <Keys keys={["←", "→"]} words="The source before or after, beside an answer" />
        <Keys keys={["Enter"]} words="Ask (Shift and Enter for a new line)" />
        <Keys keys={["Esc"]} words="Close what is open" />
        <Keys keys={["Space"]} words="Select a row of the library (Shift: up to it, Ctrl A: all)" />
        <Keys keys={["m"]} words="Move what is selected" />
        <Keys keys={["F2"]} words="Rename" />
        <Keys keys={["Del"]} words="Move to the bin" />
        <Keys keys={["?"]} words="This list" />
      </dl>
    </Dialog>
  );
}

function Keys({ keys, words }: { keys: string[]; words: string }) {
  return (
    <>
      <dt className="flex gap-1">
        {keys.map((key) => (
          <kbd
            key={key}
            className="rounded-sm border border-line bg-paper px-1.5 py-0.5 font-mono text-evidence"
          >
            {key}
          </kbd>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input, textarea, select, [contenteditable]"))
  );
}

import { type FormEvent, useEffect, useState } from "react";
import type { Outline } from "../../api/types.ts";
import { count } from "../../ui/time.tsx";
import { type Kind, partsOf } from "../kinds.ts";

/** Where one is, "page 12 of 31", as a field: another number leads there. Nothing where there are no pages. */
export function PageField(props: {
  kind: Kind;
  pages: number | null;
  items: Outline["items"];
  place: number;
  onGo: (no: number) => void;
}) {
  const { one } = partsOf(props.kind);
  const paged = props.items.filter(({ page }) => page !== null);
  const here = paged.findLast(({ no }) => no <= props.place)?.page ?? paged[0]?.page ?? null;
  const [text, setText] = useState(String(here ?? ""));
  useEffect(() => setText(String(here ?? "")), [here]);
  const most = props.pages ?? paged.at(-1)?.page ?? 0;
  if (here === null || most < 2) return null;
  function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = Math.min(most, Math.max(1, Number.parseInt(text, 10) || 1));
    // A page without text has no passage: the next that has one stands for it.
    const place = paged.find(({ page }) => (page ?? 0) >= wanted) ?? paged.at(-1);
    if (place) props.onGo(place.no);
    setText(String(place?.page ?? here));
  }
  return (
    <form onSubmit={submit}>
      <label className="flex items-center gap-2 text-small whitespace-nowrap text-muted">
        <span className="first-letter:uppercase">{one}</span>
        <input
          inputMode="numeric"
          autoComplete="off"
          aria-label={`Go to ${one}`}
          value={text}
          onChange={(event) => setText(event.target.value.replaceAll(/\D/g, "").slice(0, 7))}
          onFocus={(event) => event.currentTarget.select()}
          className="min-h-8 w-14 rounded-sm border border-line bg-surface px-2 text-center text-ink hover:border-edge"
        />
        of {count(most)}
      </label>
    </form>
  );
}

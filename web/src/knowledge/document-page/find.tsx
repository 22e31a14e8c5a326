import { ChevronDown, ChevronUp } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Document, SearchHit } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { IconButton } from "../../ui/button.tsx";
import { count } from "../../ui/time.tsx";
import type { Sought } from "../passages.tsx";
import { useSettled } from "../search/searching.ts";
import { useFound } from "./reading.ts";

/** Looking for words inside one document: what is typed, what has them, and which of these one is at. */
export function useFinding(
  document: Document,
  first: string,
  named: number | null,
  go: (no: number) => void,
) {
  const [text, setText] = useState(first);
  // Coming from a search, one is at what was opened there.
  const [at, setAt] = useState<number | null>(first ? named : null);
  const q = useSettled(text.trim(), 160);
  const found = useFound(document.id, document.version, q);
  const hits = q ? (found.data?.hits ?? []) : [];
  const sought = useMemo<Sought | null>(
    () => (q && found.data ? soughtOf(found.data.hits) : null),
    [found.data, q],
  );
  const place = at === null ? -1 : hits.findIndex(({ passage }) => passage === at);
  // While one types, the first that has the words comes into sight; what was opened from a search stays.
  const moved = useRef(first);
  useEffect(() => {
    if (moved.current === q || found.isPlaceholderData || !found.data) return;
    moved.current = q;
    const next = found.data.hits[0];
    setAt(next?.passage ?? null);
    if (next) go(next.passage);
  }, [q, found.data, found.isPlaceholderData, go]);

  function step(by: 1 | -1) {
    const next: SearchHit | undefined = hits[(place + by + hits.length) % Math.max(1, hits.length)];
    if (!next) return;
    setAt(next.passage);
    go(next.passage);
  }
  return { text, setText, q, found, hits, sought, place, step };
}

/** What was found comes as pieces of passages with their marks: the marked words are looked for in the whole of each. */
function soughtOf(hits: SearchHit[]): Sought | null {
  const words = new Set<string>();
  for (const { text, marks } of hits)
    for (const [start, end] of marks) words.add(text.slice(start, end).toLowerCase());
  if (words.size === 0) return null;
  const choices = [...words]
    .sort((a, b) => b.length - a.length)
    .slice(0, 300)
    .map((word) => {
      const plain = word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
      return dense.test(word) ? plain : `(?<![\\p{L}\\p{N}])${plain}(?![\\p{L}\\p{N}])`;
    });
  return { words: new RegExp(choices.join("|"), "giu"), in: new Set(hits.map(({ passage }) => passage)) };
}

// Scripts that put no blanks between words.
const dense = /[\u0E00-\u0E7F\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF]/;

export function FindBar({ finding }: { finding: ReturnType<typeof useFinding> }) {
  const session = useSession();
  const { text, found, hits, place, q } = finding;
  if (!session.can("search.use")) return null;
  const total = found.data?.total ?? 0;
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter") finding.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && text) finding.setText("");
    else return;
    event.preventDefault();
  }
  const words = !q
    ? ""
    : found.isError
      ? "The search did not work"
      : !found.data
        ? "…"
        : hits.length === 0
          ? "Not in here"
          : `${place < 0 ? "–" : count(place + 1)} of ${count(total)}${found.data.more ? " (first 200)" : ""}`;
  return (
    <search className="flex min-w-0 items-center gap-1 max-sm:w-full">
      <input
        type="search"
        data-search
        aria-label="Find in this document"
        aria-keyshortcuts="/"
        placeholder="Find in this document"
        maxLength={500}
        value={text}
        onChange={(event) => finding.setText(event.target.value)}
        onKeyDown={onKeyDown}
        className="min-h-8 min-w-0 flex-1 rounded-sm border border-line bg-surface px-3 text-small hover:border-edge focus:border-accent sm:w-60 sm:flex-none"
      />
      {q && (
        <>
          <IconButton label="Passage before" disabled={hits.length === 0} onClick={() => finding.step(-1)}>
            <ChevronUp size={16} aria-hidden />
          </IconButton>
          <IconButton label="Passage after" disabled={hits.length === 0} onClick={() => finding.step(1)}>
            <ChevronDown size={16} aria-hidden />
          </IconButton>
        </>
      )}
      <span role="status" className="shrink-0 text-small text-muted tabular-nums">
        {words}
      </span>
    </search>
  );
}

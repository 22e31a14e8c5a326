import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { SearchHit } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { useSearch } from "./documents.ts";

/** Passages whose text matches, best first, with the matching words marked. */
export function PassageHits({ q }: { q: string }) {
  const session = useSession();
  const result = useSearch(q);
  return (
    <section aria-labelledby="in-the-text" className="mb-9" aria-busy={result.isFetching}>
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="in-the-text" className="font-serif text-title font-medium">
          In the text
        </h2>
        <p role="status" className="text-small text-muted">
          {result.data &&
            `${plural(result.data.items.length, "passage")} · ${plural(result.data.documents, "document")} searched · ${Math.round(result.data.ms)} ms`}
        </p>
      </div>
      {result.isPending && <Skeleton label="Searching" lines={4} />}
      {result.isError && <Notice>{wordsOf(result.error)}</Notice>}
      {result.data?.items.length === 0 && (
        <p className="py-2 text-muted">
          No passage has these words. Try fewer words, or the ones the document uses.
        </p>
      )}
      {result.data && result.data.items.length > 0 && (
        <ul className="border-t border-line">
          {result.data.items.map((hit) => (
            <li key={`${hit.document.id}-${hit.passage}`} className="border-b border-line">
              <Link
                to="/t/$slug/library/$documentId"
                params={{ slug: session.slug, documentId: hit.document.id }}
                search={{ passage: hit.passage, ...rangeOf(hit) }}
                className="block px-2.5 py-3 -outline-offset-2 hover:bg-accent-soft"
              >
                <span className="text-small text-muted">
                  <strong className="font-semibold text-ink">{hit.document.name}</strong>
                  {hit.page !== null && ` · page ${hit.page}`}
                </span>
                <span className="mt-1 line-clamp-3 max-w-[68ch] font-serif text-reading">{marked(hit)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function rangeOf(hit: SearchHit): { start?: number; end?: number } {
  const [start, end] = hit.marks[0] ?? [];
  return start === undefined || end === undefined ? {} : { start, end };
}

/** The passage with its marks, beginning shortly before the first so that it is in sight. */
function marked(hit: SearchHit): ReactNode[] {
  const nodes: ReactNode[] = [];
  let from = beginning(hit);
  if (from > 0) nodes.push("… ");
  for (const [start = 0, end = 0] of hit.marks) {
    if (start < from) continue;
    nodes.push(hit.text.slice(from, start), <mark key={start}>{hit.text.slice(start, end)}</mark>);
    from = end;
  }
  nodes.push(hit.text.slice(from, from + 400));
  return nodes;
}

function beginning(hit: SearchHit): number {
  const first = hit.marks[0]?.[0] ?? 0;
  if (first < 120) return 0;
  const space = hit.text.indexOf(" ", first - 80);
  return space < 0 || space > first ? first : space + 1;
}

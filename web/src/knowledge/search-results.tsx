import { Link } from "@tanstack/react-router";
import { useSession } from "../identity/session.tsx";
import { Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { Results } from "./search/results.tsx";
import { useBestHits } from "./search/searching.ts";

/** What the text of documents has of these words, beside documents of that name: the best, and the way to all. */
export function PassageHits({ q }: { q: string }) {
  const session = useSession();
  const result = useBestHits(q);
  const found = result.data;
  return (
    <section aria-labelledby="in-the-text" className="mb-9" aria-busy={result.isFetching}>
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="in-the-text" className="font-serif text-title font-medium">
          In the text
        </h2>
        <p role="status" className="text-small text-muted">
          {found &&
            `${plural(found.total ?? found.items.length, "passage")} · ${plural(found.documents, "document")} searched · ${Math.round(found.ms)} ms`}
        </p>
      </div>
      {result.isPending && <Skeleton label="Searching" lines={4} />}
      {result.isError && <Notice>{wordsOf(result.error)}</Notice>}
      {found?.items.length === 0 && (
        <p className="py-2 text-muted">
          No passage has these words. Try fewer words, or the ones the document uses.
        </p>
      )}
      {found && found.items.length > 0 && (
        <>
          <Results
            hits={found.items.slice(0, 5)}
            find={found.corrected ?? q}
            sight={false}
            onLeave={() => document.querySelector<HTMLElement>("[data-search]")?.focus()}
          />
          <p className="pt-3">
            <Link
              to="/t/$slug/search"
              params={{ slug: session.slug }}
              search={{ q }}
              className="text-accent underline underline-offset-3"
            >
              Everything found in the text, and filters
            </Link>
          </p>
        </>
      )}
    </section>
  );
}

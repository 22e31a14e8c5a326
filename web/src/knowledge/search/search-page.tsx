import { useSearch as useAddress, useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { SearchFilters, SearchResult } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { TextButton } from "../../ui/text-button.tsx";
import { plural } from "../../ui/time.tsx";
import { filtersOf, type SearchAddress } from "./address.ts";
import { Filters } from "./filters.tsx";
import { NothingFound } from "./nothing-found.tsx";
import { enterResults, Results } from "./results.tsx";
import { SavedList, SavedMenu, SaveSearch } from "./saved.tsx";
import { useSearchPages, useSettled } from "./searching.ts";

/** Search over the text, headings and names of all that this person may see. */
export function SearchPage() {
  const session = useSession();
  return session.can("search.use") ? <Open /> : <Forbidden />;
}

function Open() {
  const session = useSession();
  const navigate = useNavigate();
  const address = useAddress({ from: "/t/$slug/search" });
  const { q = "" } = address;
  const filters = filtersOf(address);
  const [text, setText] = useState(q);
  const field = useRef<HTMLInputElement>(null);
  const go = useCallback(
    (to: SearchAddress, replace = true) =>
      void navigate({ to: "/t/$slug/search", params: { slug: session.slug }, search: to, replace }),
    [navigate, session.slug],
  );
  // What the address says when one comes back, or runs a saved search, stands in the field; what the field itself put
  // there does not go back into it, where more may have been typed meanwhile.
  const sent = useRef(q);
  const typedHere = useRef(false);
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    typedHere.current = false;
    setText(q);
  }, [q]);
  useEffect(() => {
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);

  const wanted = text.trim();
  const typed = useSettled(wanted, 140);
  const rested = useSettled(wanted, 900);
  const typing = typed !== q;
  const keep = () => {
    sent.current = wanted;
    go({ ...filters, ...(wanted ? { q: wanted } : {}) });
  };
  // Whoever pauses has a search worth coming back to.
  useEffect(() => {
    if (typedHere.current && rested === wanted && wanted !== sent.current) keep();
  });
  useTitle(q ? `“${q}”` : null, "Search");
  const found = useSearchPages(typed, filters, typing);
  const shown = typed !== "" && wanted !== "";
  const change = (next: SearchFilters) => {
    sent.current = wanted;
    go({ ...(wanted ? { q: wanted } : {}), ...next });
  };
  const ask = (words: string) => {
    setText(words);
    go({ q: words, ...filters }, false);
    field.current?.focus();
  };

  return (
    <div className="mx-auto w-full max-w-[54rem] px-4 pt-5 pb-14 md:px-[34px]">
      <div className="mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <h1 className="font-serif text-page font-medium">Search</h1>
        <div className="flex flex-wrap items-center gap-2">
          {shown && <SavedMenu onRun={(saved) => go({ q: saved.q, ...saved.filters }, false)} />}
          {q && <SaveSearch q={q} filters={filters} />}
        </div>
      </div>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (wanted !== q) keep();
            else enterResults();
          }}
        >
          <label className="relative mb-3 block">
            <span className="sr-only">Search names, headings and text</span>
            <Search
              size={17}
              aria-hidden
              className="pointer-events-none absolute top-3 left-3.5 text-muted"
            />
            <input
              ref={field}
              data-search
              type="search"
              aria-keyshortcuts="/"
              autoComplete="off"
              spellCheck={false}
              placeholder="Words, or “words in a row”"
              maxLength={500}
              value={text}
              onChange={(event) => {
                typedHere.current = true;
                setText(event.target.value);
              }}
              onKeyDown={(event) => {
                if (event.key === "ArrowDown" && enterResults()) event.preventDefault();
                if (event.key === "Escape" && text) {
                  event.preventDefault();
                  typedHere.current = true;
                  setText("");
                }
              }}
              className="min-h-11 w-full rounded-md border border-edge bg-surface pr-4 pl-10 text-[1.0625rem] focus:border-accent [&::-webkit-search-cancel-button]:hidden"
            />
          </label>
          <Filters filters={filters} onChange={change} />
        </form>
      </search>
      {!shown ? (
        <SavedList onRun={(saved) => go({ q: saved.q, ...saved.filters }, false)} />
      ) : (
        <section aria-label="What was found" className="mt-5" aria-busy={found.isFetching}>
          <p role="status" className="mb-2.5 min-h-5 text-small text-muted">
            {found.data ? tally(found.data.pages[0], Object.keys(filters).length > 0) : ""}
          </p>
          {found.isPending && <Skeleton label="Searching" lines={6} tall />}
          {found.isError && !found.data && (
            <ErrorPanel
              error={found.error}
              onRetry={() => void found.refetch()}
              title="The search did not work"
            />
          )}
          {found.data && (
            <Found
              pages={found.data.pages}
              q={typed}
              stale={found.isPlaceholderData}
              typing={typing}
              filters={filters}
              onAsk={ask}
              onFilters={change}
              onLeave={() => field.current?.focus()}
            />
          )}
          {found.hasNextPage && !found.isPlaceholderData && (
            <div className="flex justify-center pt-5">
              <Button small busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </section>
      )}
    </div>
  );
}

function Found(props: {
  pages: SearchResult[];
  q: string;
  /** What is shown answers the words before. */
  stale: boolean;
  typing: boolean;
  filters: SearchFilters;
  onAsk: (words: string) => void;
  onFilters: (filters: SearchFilters) => void;
  onLeave: () => void;
}) {
  const first = props.pages[0];
  const hits = props.pages.flatMap((page) => page.items);
  if (!first) return null;
  if (props.stale && hits.length === 0) return <Skeleton label="Searching" lines={6} tall />;
  const { corrected, didYouMean } = props.stale ? { corrected: null, didYouMean: null } : first;
  return (
    <>
      {corrected && hits.length > 0 && (
        <p className="mb-3">
          Nothing has “{props.q}”. Searched for <strong className="font-semibold">“{corrected}”</strong>{" "}
          instead.{" "}
          <TextButton onClick={() => props.onAsk(exactly(props.q))}>
            Search for exactly “{props.q}”
          </TextButton>
        </p>
      )}
      {!corrected && didYouMean && hits.length > 0 && (
        <p className="mb-3">
          Did you mean <TextButton onClick={() => props.onAsk(didYouMean)}>{didYouMean}</TextButton>?
        </p>
      )}
      {hits.length === 0 ? (
        <NothingFound
          q={props.q}
          didYouMean={didYouMean}
          searched={first.documents}
          filters={props.filters}
          onAsk={props.onAsk}
          onFilters={props.onFilters}
        />
      ) : (
        <Results
          hits={hits}
          find={first.corrected ?? props.q}
          sight={!props.typing}
          onLeave={props.onLeave}
        />
      )}
    </>
  );
}

/** Words in quotation marks are looked for as they stand. */
function exactly(q: string): string {
  return `"${q.replaceAll('"', " ").trim()}"`;
}

function tally(first: SearchResult | undefined, narrowed: boolean): string {
  if (!first) return "";
  const { total, documents, ms, items } = first;
  const found =
    total !== null
      ? plural(total, "passage")
      : first.next !== null
        ? `More than ${plural(items.length, "passage")}`
        : plural(items.length, "passage");
  const time = ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
  return `${found} · ${plural(documents, "document")}${narrowed ? " of this choice" : ""} searched · ${time}`;
}

import { Link } from "@tanstack/react-router";
import type { SearchFilters } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { TextButton } from "../../ui/text-button.tsx";
import { plural } from "../../ui/time.tsx";

/** Nothing has the words: what may help, the likeliest first. */
export function NothingFound(props: {
  q: string;
  didYouMean: string | null;
  searched: number;
  filters: SearchFilters;
  onAsk: (words: string) => void;
  onFilters: (filters: SearchFilters) => void;
}) {
  const session = useSession();
  const { q, didYouMean, searched } = props;
  const narrowed = Object.keys(props.filters).length > 0;
  const quoted = q.includes('"');
  const words = q.split(/\s+/).length;
  return (
    <div className="max-w-[68ch] border-t border-line pt-5">
      <h2 className="font-serif text-title font-medium wrap-anywhere">
        No passage has {words > 1 && !quoted ? "these words" : `“${q.replaceAll('"', "")}”`}
      </h2>
      {didYouMean && (
        <p className="mt-2">
          Did you mean <TextButton onClick={() => props.onAsk(didYouMean)}>{didYouMean}</TextButton>?
        </p>
      )}
      <ul className="mt-3 list-disc space-y-1.5 pl-5 text-muted">
        {searched === 0 && (
          <li>
            {narrowed
              ? "No document matches this choice."
              : "There is no document to search yet. What is added or shared with you can be found here."}
          </li>
        )}
        {quoted && (
          <li>
            <TextButton onClick={() => props.onAsk(q.replaceAll('"', ""))}>
              Search without the quotation marks
            </TextButton>
            : the words need not stand in a row.
          </li>
        )}
        {words > 2 && <li>Use fewer words, the ones that matter.</li>}
        {searched > 0 && <li>Use the words that the document itself would use.</li>}
        {session.can("chat.ask") && session.can("chat.create") && searched > 0 && (
          <li>
            Put it as a question:{" "}
            <Link
              to="/t/$slug/ask"
              params={{ slug: session.slug }}
              search={{
                ...(props.filters.folder ? { folder: props.filters.folder } : {}),
                ...(props.filters.kind ? { kind: props.filters.kind } : {}),
              }}
              className="text-accent underline underline-offset-3"
            >
              ask your documents
            </Link>
            .
          </li>
        )}
        <li>A document that is not shared with you, or is still being read, is not found.</li>
      </ul>
      {narrowed && (
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button onClick={() => props.onFilters({})}>Search everywhere</Button>
          <span className="text-small text-muted">
            {plural(searched, "document")} searched with this choice
          </span>
        </div>
      )}
    </div>
  );
}

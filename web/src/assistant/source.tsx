import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { isApiError } from "../api/errors.ts";
import type { Citation, Passage } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { useDocument } from "../knowledge/documents.ts";
import { type Kind, kindWords, partsOf } from "../knowledge/kinds.ts";
import { Passages } from "../knowledge/passages.tsx";
import { IconButton } from "../ui/button.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";

export type SourceProps = {
  citation: Citation;
  /** Place of this source among those of the answer, from 1. */
  place: number;
  of: number;
  onStep: (step: 1 | -1) => void;
  onClose: () => void;
};

/** The cited place in its document: the passage with what stands around it, the quote marked. */
export function Source({ citation, place, of, onStep, onClose }: SourceProps) {
  const session = useSession();
  const { document } = citation;
  const around = useQuery({
    queryKey: [session.slug, "passages", document?.id, "around", citation.passage],
    enabled: document !== null,
    queryFn: () =>
      session.call<{ items: Passage[] }>("GET", `documents/${document?.id}/passages`, {
        query: { from: Math.max(0, citation.passage - 2), limit: 6 },
      }),
    staleTime: 300_000,
  });
  const [kind, setKind] = useState<Kind>("text");
  const body = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when another citation or its text arrives.
  useEffect(() => {
    // Only with the next picture: the sheet that it may stand in is not open before.
    const frame = requestAnimationFrame(() => {
      const box = body.current;
      const mark = box?.querySelector<HTMLElement>("mark");
      if (mark && box)
        box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - 120;
    });
    return () => cancelAnimationFrame(frame);
  }, [citation, around.data]);

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="border-b border-line px-6 pt-4 pb-3.5">
        <div className="flex items-center justify-between">
          <p className="text-small text-muted">
            Source {place} of {of}
          </p>
          <div className="-mr-2 flex">
            <IconButton label="Source before" disabled={place === 1} onClick={() => onStep(-1)}>
              <ChevronLeft size={16} aria-hidden />
            </IconButton>
            <IconButton label="Source after" disabled={place === of} onClick={() => onStep(1)}>
              <ChevronRight size={16} aria-hidden />
            </IconButton>
            <IconButton label="Close the source" onClick={onClose}>
              <X size={16} aria-hidden />
            </IconButton>
          </div>
        </div>
        <h2 className="mt-1 font-serif text-title font-medium wrap-break-word">
          {document?.name ?? "Not shared with you"}
        </h2>
        {document && (
          <div className="mt-1 flex justify-between gap-4 text-small text-muted">
            <Facts id={document.id} citation={citation} items={around.data?.items} onKind={setKind} />
            <Link
              to="/t/$slug/library/$documentId"
              params={{ slug: session.slug, documentId: document.id }}
              search={{ start: citation.start, end: citation.end }}
              hash={`p${citation.passage}`}
              className="shrink-0 whitespace-nowrap text-ink underline decoration-line underline-offset-3 hover:decoration-current"
            >
              Open the document
            </Link>
          </div>
        )}
      </div>
      <section
        ref={body}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
        tabIndex={0}
        aria-label={document ? `Text of ${document.name}` : "The source"}
        className="relative min-h-0 flex-1 overflow-y-auto px-6 py-5 -outline-offset-2"
      >
        {!document && <Hidden />}
        {document && around.isPending && <Skeleton label="Loading the source" lines={7} />}
        {around.isError &&
          (isApiError(around.error) && around.error.status === 404 ? (
            <Gone citation={citation} />
          ) : (
            <ErrorPanel error={around.error} onRetry={() => void around.refetch()} />
          ))}
        {around.data && document && <Text citation={citation} items={around.data.items} kind={kind} />}
      </section>
    </div>
  );
}

/** "PDF, page 7 · version 2 of 3"; the heading that the passage stands under where there are no pages. */
function Facts(props: {
  id: string;
  citation: Citation;
  items: Passage[] | undefined;
  onKind: (kind: Kind) => void;
}) {
  const { citation, onKind } = props;
  const { data } = useDocument(props.id);
  const kind = data?.kind;
  useEffect(() => {
    if (kind) onKind(kind);
  }, [kind, onKind]);
  const heading = props.items?.find((passage) => passage.no === citation.passage)?.heading;
  const place = citation.page === null ? heading : `${partsOf(kind ?? "text").one} ${citation.page}`;
  const version = data && data.versions > 1 ? ` · version ${data.version} of ${data.versions}` : "";
  return (
    <span className="min-w-0 wrap-anywhere">
      {[kind && kindWords(kind), place].filter(Boolean).join(", ")}
      {version}
    </span>
  );
}

/** The passage in its surroundings. Where a newer version reads otherwise, what was quoted is shown as it was. */
function Text({ citation, items, kind }: { citation: Citation; items: Passage[]; kind: Kind }) {
  const session = useSession();
  const { passage: no, start, end, quote, document } = citation;
  const same = items.find((passage) => passage.no === no)?.text.slice(start, end) === quote;
  if (same) return <Passages items={items} kind={kind} marks={new Map([[no, [[start, end]]]])} compact />;
  return (
    <div>
      <p className="text-muted">
        The document has a newer version that reads otherwise. This is what was quoted:
      </p>
      <blockquote className="mt-3 font-serif text-reading">
        <mark>{quote}</mark>
      </blockquote>
      {document && session.can("document.versions") && (
        <Link
          to="/t/$slug/library/$documentId/versions"
          params={{ slug: session.slug, documentId: document.id }}
          className="mt-4 inline-block text-accent underline underline-offset-3"
        >
          See its versions
        </Link>
      )}
    </div>
  );
}

function Hidden() {
  return (
    <p className="text-muted">
      Whoever asked could see this document; it is not shared with you, or no longer. So the sentence that was
      quoted from it is not shown either. Its owner can share it with you.
    </p>
  );
}

function Gone({ citation }: { citation: Citation }) {
  return (
    <div>
      <p className="text-muted">
        The document was deleted, or it is no longer shared with you. This is what was quoted:
      </p>
      <blockquote className="mt-3 font-serif text-reading">
        <mark>{citation.quote}</mark>
      </blockquote>
    </div>
  );
}

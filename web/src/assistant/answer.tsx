import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Citation, Message, Part } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Notice } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { useWriting } from "./answer-stream.ts";
import { scopeWords } from "./scope.tsx";

export type Selected = { message: string; n: number } | null;

/** One answer: sentences with the numbers of their sources, and where they came from. */
export function Answer(props: {
  chatId: string;
  message: Message;
  selected: Selected;
  onSelect: (citation: Citation, all: Citation[]) => void;
  onFinished: (message: Message, citations: Citation[]) => void;
  onAskAgain: (() => void) | null;
}) {
  const { message, selected } = props;
  const writing = useWriting(props.chatId, message);
  const working = message.state === "working";
  const wasWorking = useRef(working);
  const finished = useRef(props.onFinished);
  finished.current = props.onFinished;
  useEffect(() => {
    if (wasWorking.current && message.state === "done") finished.current(message, message.citations ?? []);
    wasWorking.current = message.state === "working";
  }, [message]);

  if (message.state === "failed") {
    return (
      <Notice>
        <p>{message.text || "The answer could not be written."} Your question is kept.</p>
        {props.onAskAgain && (
          <Button small className="mt-2.5" onClick={props.onAskAgain}>
            Ask again
          </Button>
        )}
      </Notice>
    );
  }
  const empty = writing.parts.length === 0;
  return (
    <article aria-label="Answer" aria-busy={working} className="max-w-[40rem]">
      {empty && working && (
        <p className="waiting font-serif text-reading text-muted">Looking in your documents</p>
      )}
      {!empty && (
        <Text
          parts={writing.parts}
          citations={writing.citations}
          selected={selected?.message === message.id ? selected.n : null}
          onSelect={(citation) => props.onSelect(citation, writing.citations)}
        />
      )}
      {working && !writing.connected && (
        <p className="mt-2 text-small text-muted">The connection was lost. It is being resumed.</p>
      )}
      {!working &&
        (writing.citations.length === 0 ? (
          <NothingFound message={message} />
        ) : (
          <Origin message={message} citations={writing.citations} />
        ))}
    </article>
  );
}

function Text(props: {
  parts: Part[];
  citations: Citation[];
  selected: number | null;
  onSelect: (citation: Citation) => void;
}) {
  const byNumber = new Map(props.citations.map((citation) => [citation.n, citation]));
  return (
    <div className="flex flex-col gap-3 font-serif text-reading">
      {paragraphsOf(props.parts).map((parts, paragraph) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are only appended.
        <p key={paragraph} className="whitespace-pre-line">
          {parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts are only appended.
            <span key={index} className="appear">
              {withoutBullet(part.text).trimEnd()}
              {part.citations.map((n) => {
                const citation = byNumber.get(n);
                if (!citation) return null;
                return (
                  <CitationButton
                    key={n}
                    citation={citation}
                    selected={props.selected === n}
                    onSelect={() => props.onSelect(citation)}
                  />
                );
              })}{" "}
            </span>
          ))}
        </p>
      ))}
    </div>
  );
}

/** A quoted entry of a list stands here as a sentence; its dash would ask for the rest of the list. */
function withoutBullet(text: string): string {
  return text.replace(/^\s*[-*•]\s+/, "");
}

/** A part that ends in an empty line ends its paragraph. */
function paragraphsOf(parts: Part[]): Part[][] {
  const paragraphs: Part[][] = [[]];
  for (const part of parts) {
    paragraphs.at(-1)?.push(part);
    if (/\n\s*\n\s*$/.test(part.text)) paragraphs.push([]);
  }
  return paragraphs.filter((paragraph) => paragraph.length > 0);
}

function CitationButton(props: { citation: Citation; selected: boolean; onSelect: () => void }) {
  const { citation } = props;
  const page = citation.page === null ? "" : `, page ${citation.page}`;
  const where = citation.document
    ? `${citation.document.name}${page}`
    : "a document that is not shared with you";
  return (
    <button
      type="button"
      data-citation={citation.n}
      aria-pressed={props.selected}
      aria-label={`Source ${citation.n}: ${where}`}
      title={where}
      onClick={props.onSelect}
      className={classes(
        "relative ml-1 inline-flex h-[1.125rem] min-w-[1.125rem] items-center justify-center rounded-[5px] px-1 align-[0.15em] font-sans text-[0.6875rem] leading-none font-bold transition-colors",
        // The touch area is larger than the number.
        "before:absolute before:-inset-x-1 before:-inset-y-2",
        props.selected
          ? "bg-accent text-on-accent"
          : "bg-accent-soft text-accent hover:bg-accent hover:text-on-accent",
      )}
    >
      {citation.n}
    </button>
  );
}

function Origin({ message, citations }: { message: Message; citations: Citation[] }) {
  const cited = new Set(citations.map((citation) => citation.document?.id ?? `hidden ${citation.n}`)).size;
  const searched = message.documentsSearched;
  return (
    <div className="mt-4 border-t border-line pt-2.5 text-small text-muted">
      <p>
        <strong className="font-semibold text-ink">From your documents only.</strong>
        {message.mode === "extractive" && " No model is connected; sentences are quoted and ordered."}
      </p>
      <p className="mt-1.5">
        {searched === null ? plural(cited, "document") : `${cited} of ${plural(searched, "document")}`}
        {message.ms !== null &&
          ` · ${message.ms < 1000 ? `${Math.round(message.ms)} ms` : `${(message.ms / 1000).toFixed(1)} s`}`}
      </p>
    </div>
  );
}

function NothingFound({ message }: { message: Message }) {
  const session = useSession();
  const searched = message.documentsSearched;
  const scope = scopeWords(message.scope);
  return (
    <div>
      {message.parts.length === 0 && (
        <p className="font-serif text-reading">
          {message.text || "Nothing in the documents that you can see answers this."}
        </p>
      )}
      <div className="mt-4 border-t border-line pt-2.5 text-small text-muted">
        {scope && (
          <p className="mb-1">
            Asked {scope.replace(/^O/, "o")}. Drop that below to ask all that you can see.
          </p>
        )}
        <p>
          {searched === 0
            ? `There are no documents ${scope ? "in it" : "to search yet"}. `
            : `${searched === null ? "" : `${plural(searched, "document")} searched. `}Try the words that the document itself would use, or `}
          {session.can("document.read") && (
            <Link
              to="/t/$slug/library"
              params={{ slug: session.slug }}
              className="text-accent underline underline-offset-3"
            >
              {searched === 0 ? "Add documents" : "add the document that would know"}
            </Link>
          )}
          .
        </p>
      </div>
    </div>
  );
}

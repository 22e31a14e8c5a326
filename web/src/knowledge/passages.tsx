import { Link } from "@tanstack/react-router";
import { memo, type ReactNode } from "react";
import type { Passage } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { classes } from "../ui/classes.ts";
import { say } from "../ui/toast.tsx";
import { urlOfPassage } from "./document-page/addresses.ts";
import { type Kind, partsOf } from "./kinds.ts";
import { type Piece, piecesOf } from "./passages/pieces.ts";
import { Table } from "./passages/table.tsx";

/** What is marked: parts of passages, `[start, end)` in UTF-16 code units; a passage without parts as a whole. */
export type Marks = ReadonlyMap<number, readonly (readonly number[])[]>;

/** Words that are looked for, and the passages that have them. */
export type Sought = { words: RegExp; in: ReadonlySet<number> };

const none: Marks = new Map();

/**
 * The text of a document as passages in order, with a line where a page begins, which is said in the kind's own word.
 * `before`: the passage before the first, where it is known. `linkTo` makes each passage addressable. A block that is
 * one of the document's headings is set as one.
 */
export const Passages = memo(function Passages(props: {
  items: Passage[];
  kind: Kind;
  marks?: Marks;
  sought?: Sought | null;
  before?: Passage | null;
  compact?: boolean;
  linkTo?: string;
  firstPage?: boolean;
}) {
  const { items, marks = none, sought } = props;
  const headings = headingsOf(items);
  const { one } = partsOf(props.kind);
  return (
    <div className={classes("font-serif", props.compact ? "text-[1rem] leading-[1.58]" : "text-reading")}>
      {items.map((passage, index) => {
        const before = items[index - 1] ?? props.before ?? null;
        const newPage = passage.page !== null && (before ? before.page !== passage.page : props.firstPage);
        const parts = sought?.in.has(passage.no)
          ? placesOf(passage.text, sought.words)
          : marks.get(passage.no);
        return (
          <div key={passage.no}>
            {newPage && <PageLine words={`${one} ${passage.page}`} first={!before} />}
            <div
              {...(props.linkTo ? { id: `p${passage.no}`, "data-passage": passage.no } : {})}
              className={classes(
                "group relative scroll-mt-28",
                parts?.length === 0 && "-mx-3 mb-3.5 rounded-sm bg-accent-soft px-3 pt-2 pb-px",
              )}
            >
              {props.linkTo && <Anchor documentId={props.linkTo} no={passage.no} />}
              {piecesOf(passage.text).map((piece, place, pieces) => (
                <Block
                  key={piece.start}
                  piece={piece}
                  level={props.compact ? undefined : headings.get(piece.text.trim())}
                  heading={headings.has(piece.text.trim()) || isTitle(piece, pieces[place + 1])}
                  parts={parts ?? []}
                />
              ))}
            </div>
          </div>
        );
      })}
    </div>
  );
});

type Parts = readonly (readonly number[])[];

function Block(props: { piece: Piece; level: number | undefined; heading: boolean; parts: Parts }) {
  const { piece, level } = props;
  const text = (start: number, end: number) => marked(piece, props.parts, start, end);
  if (piece.kind === "table") return <Table piece={piece} text={text} />;
  const whole = text(0, piece.text.length);
  if (piece.kind === "code")
    return (
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a line may be longer than the page is wide.
        tabIndex={0}
        className="mb-3.5 overflow-x-auto rounded-sm border border-line bg-surface px-3 py-2 font-mono text-evidence"
      >
        {whole}
      </pre>
    );
  if (props.heading && level !== undefined) {
    // All of one level: reading may begin below any of them, and a level left out would mislead who listens.
    return (
      <h2
        className={classes(
          "mb-3 pt-2 font-semibold whitespace-pre-line wrap-anywhere",
          level === 0 && "text-title",
        )}
      >
        {whole}
      </h2>
    );
  }
  return (
    <p className={classes("mb-3.5 whitespace-pre-line wrap-anywhere", props.heading && "pt-2 font-semibold")}>
      {whole}
    </p>
  );
}

/** A short line without an end over something longer reads as a heading, although only those above a passage are told. */
function isTitle({ kind, text }: Piece, next: Piece | undefined): boolean {
  return (
    kind === "text" &&
    next !== undefined &&
    (next.kind === "table" || next.text.length > 60) &&
    text.length <= 60 &&
    /^[\p{Lu}\p{N}][^\n]*[^\s.,;:!?…\n]$/u.test(text)
  );
}

/** Headings that stand above these passages, each with its depth. */
function headingsOf(items: Passage[]): ReadonlyMap<string, number> {
  const headings = new Map<string, number>();
  for (const { heading } of items)
    for (const [depth, words] of (heading?.split(" › ") ?? []).entries())
      if (!headings.has(words)) headings.set(words, depth);
  return headings;
}

function placesOf(text: string, words: RegExp): number[][] {
  return [...text.matchAll(words)].map((match) => [match.index, match.index + match[0].length]);
}

/** A part of a piece with what is marked in it. `parts` count from the passage's beginning. */
function marked(piece: Piece, parts: Parts, start: number, end: number): ReactNode {
  const text = piece.text;
  const nodes: ReactNode[] = [];
  let at = start;
  for (const [first = 0, last = 0] of parts) {
    const from = Math.max(at, first - piece.start);
    const to = Math.min(end, last - piece.start);
    if (to <= from) continue;
    nodes.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  if (nodes.length === 0) return text.slice(start, end);
  nodes.push(text.slice(at, end));
  return nodes;
}

function PageLine({ words, first }: { words: string; first: boolean }) {
  return (
    <div
      className={classes(
        "mb-4 text-center font-sans text-small text-muted",
        !first && "mt-6 border-t border-dashed border-line pt-2.5",
      )}
    >
      {words}
    </div>
  );
}

/** The number of a passage in the margin: leads to it, and its address goes to the clipboard. */
function Anchor({ documentId, no }: { documentId: string; no: number }) {
  const session = useSession();
  return (
    <Link
      to="/t/$slug/library/$documentId"
      params={{ slug: session.slug, documentId }}
      hash={`p${no}`}
      replace
      aria-label={`Copy a link to passage ${no}`}
      title="Copy a link to this passage"
      onClick={() =>
        void navigator.clipboard
          ?.writeText(urlOfPassage(session.slug, documentId, no))
          .then(() => say("The link to this passage is copied. Whoever can see the document can follow it."))
          // The address stands in the address bar, too.
          .catch(() => undefined)
      }
      className="absolute top-0.5 -left-11 hidden w-9 rounded-sm text-right font-mono text-[0.6875rem] leading-[1.8rem] text-muted opacity-0 group-hover:opacity-100 focus-visible:opacity-100 md:block"
    >
      {no}
    </Link>
  );
}

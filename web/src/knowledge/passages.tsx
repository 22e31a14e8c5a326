import { Link } from "@tanstack/react-router";
import type { Passage } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { classes } from "../ui/classes.ts";

export type Marked = { no: number; start?: number | undefined; end?: number | undefined };

/**
 * The text of a document as passages in order, with a line where a page begins. `marked` names a passage and,
 * if given, the part of it to mark (UTF-16 offsets). `linkTo` makes each passage addressable. A block that is one
 * of the document's headings is set as one.
 */
export function Passages(props: {
  items: Passage[];
  marked?: Marked | null;
  compact?: boolean;
  linkTo?: string;
  firstPage?: boolean;
}) {
  const { items, marked = null } = props;
  const headings = new Set(items.flatMap((passage) => passage.heading?.split(" › ") ?? []));
  return (
    <div className={classes("font-serif", props.compact ? "text-[1rem] leading-[1.58]" : "text-reading")}>
      {items.map((passage, index) => {
        const before = items[index - 1];
        const newPage = passage.page !== null && (before ? before.page !== passage.page : props.firstPage);
        return (
          <div key={passage.no}>
            {newPage && <PageLine page={passage.page} first={!before} />}
            <div id={`passage-${passage.no}`} className="group relative scroll-mt-24">
              {props.linkTo && <Anchor documentId={props.linkTo} no={passage.no} />}
              {blocksOf(passage.text).map((block) => (
                <p
                  key={block.start}
                  className={classes(
                    "mb-3.5 whitespace-pre-line",
                    headings.has(block.text.trim()) && "pt-2 font-semibold",
                  )}
                >
                  <Block {...block} marked={marked?.no === passage.no ? marked : null} />
                </p>
              ))}
            </div>
          </div>
        );
      })}
    </div>
  );
}

type Piece = { start: number; text: string };

/** Blocks between empty lines, with their offsets in the passage. */
function blocksOf(text: string): Piece[] {
  return [...text.matchAll(/[^\n]+(?:\n[^\n]+)*/g)].map((match) => ({ start: match.index, text: match[0] }));
}

function Block({ start, text, marked }: Piece & { marked: Marked | null }) {
  if (!marked) return text;
  const from = Math.max(0, (marked.start ?? 0) - start);
  const to = Math.min(text.length, (marked.end ?? Number.POSITIVE_INFINITY) - start);
  if (to <= from) return text;
  return (
    <>
      {text.slice(0, from)}
      <mark>{text.slice(from, to)}</mark>
      {text.slice(to)}
    </>
  );
}

function PageLine({ page, first }: { page: number | null; first: boolean }) {
  return (
    <div
      className={classes(
        "mb-4 text-center font-sans text-small text-muted",
        !first && "mt-6 border-t border-dashed border-line pt-2.5",
      )}
    >
      page {page}
    </div>
  );
}

function Anchor({ documentId, no }: { documentId: string; no: number }) {
  const session = useSession();
  return (
    <Link
      to="/t/$slug/library/$documentId"
      params={{ slug: session.slug, documentId }}
      search={{ passage: no }}
      replace
      aria-label={`Link to passage ${no}`}
      className="absolute top-0.5 -left-11 hidden w-9 rounded-sm text-right font-mono text-[0.6875rem] leading-[1.8rem] text-muted opacity-0 group-hover:opacity-100 focus-visible:opacity-100 md:block"
    >
      {no}
    </Link>
  );
}

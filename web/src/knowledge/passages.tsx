import { Link } from "@tanstack/react-router";
import type { Passage } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { classes } from "../ui/classes.ts";

export type Marked = { no: number; start?: number | undefined; end?: number | undefined };

/**
 * The text of a document as passages in order, with a line where a page begins. `marked` names a passage and,
 * if given, the part of it to mark (UTF-16 offsets). `linkTo` makes each passage addressable.
 */
export function Passages(props: {
  items: Passage[];
  marked?: Marked | null;
  compact?: boolean;
  linkTo?: string;
  firstPage?: boolean;
}) {
  const { items, marked = null } = props;
  const Heading = props.compact ? "h3" : "h2";
  return (
    <div className={classes("font-serif", props.compact ? "text-[1rem] leading-[1.58]" : "text-reading")}>
      {items.map((passage, index) => {
        const before = items[index - 1];
        const newPage = passage.page !== null && (before ? before.page !== passage.page : props.firstPage);
        const newHeading =
          passage.heading && passage.heading !== before?.heading && !passage.text.startsWith(passage.heading);
        return (
          <div key={passage.no}>
            {newPage && <PageLine page={passage.page} first={!before} />}
            {newHeading && (
              <Heading
                className={classes("mb-2 text-[1.0625rem] font-semibold", (before || newPage) && "mt-6")}
              >
                {passage.heading}
              </Heading>
            )}
            <div id={`passage-${passage.no}`} className="group relative mb-3.5 scroll-mt-24">
              {props.linkTo && <Anchor documentId={props.linkTo} no={passage.no} />}
              <p className="whitespace-pre-line">
                <Text passage={passage} marked={marked?.no === passage.no ? marked : null} />
              </p>
            </div>
          </div>
        );
      })}
    </div>
  );
}

function Text({ passage, marked }: { passage: Passage; marked: Marked | null }) {
  const { text } = passage;
  if (!marked) return text;
  const start = Math.min(marked.start ?? 0, text.length);
  const end = Math.min(marked.end ?? text.length, text.length);
  if (end <= start) return text;
  return (
    <>
      {text.slice(0, start)}
      <mark>{text.slice(start, end)}</mark>
      {text.slice(end)}
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

import { useId, useState } from "react";
import type { Claim, Evidence } from "../api/types.ts";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Glyph, type State, wordOf } from "../ui/glyph.tsx";
import { ago, count, plural, useNow } from "../ui/time.tsx";
import { stateOf } from "./claim-state.ts";

const atFirst = 30;
/** On paper a few lines show what evidence looks like; all of it would be thirty pages. */
const onPaper = 3;

/** One claim; opens to its evidence, to what was removed to see it red, and to what could still be wrong. */
export function ClaimRow({ claim, startOpen = false }: { claim: Claim; startOpen?: boolean }) {
  const [open, setOpen] = useState(startOpen);
  const now = useNow();
  const id = useId();
  const state = stateOf(claim);
  const has = claim.evidence.length > 0 || claim.removed || claim.couldBeWrong;
  const when =
    state === "held" || state === "broken" || state === "stale" ? claim.at && ago(claim.at, now, true) : null;
  const head = (
    <>
      <span className="pt-1">
        <Glyph state={state} />
      </span>
      <span className="min-w-0 flex-1">
        <span className={classes("block max-w-[68ch]", state === "not-run" && "text-muted")}>
          {claim.words}
        </span>
        {claim.summary && (
          <span className="mt-0.5 block max-w-[68ch] text-small text-muted">{claim.summary}</span>
        )}
      </span>
      <span className="shrink-0 text-right text-small leading-6 text-muted max-sm:basis-full max-sm:pl-8 max-sm:text-left">
        {state === "broken" ? <strong className="font-semibold text-broken">broken</strong> : wordOf(state)}
        {when && ` · ${when}`}
      </span>
    </>
  );
  const row = "flex w-full flex-wrap items-start gap-x-4 text-left sm:flex-nowrap";
  return (
    <li
      className={classes(
        "border-t border-line",
        open && has && "relative my-1 rounded-lg border bg-surface shadow-soft md:-mx-4 print:shadow-none",
      )}
    >
      {has ? (
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          className={classes(
            row,
            "py-3.5 -outline-offset-2 hover:bg-accent-soft",
            open ? "rounded-lg px-4 max-md:px-3" : "rounded-sm",
          )}
        >
          {head}
        </button>
      ) : (
        <div className={classes(row, "py-3.5")}>{head}</div>
      )}
      {has && (
        <div
          id={id}
          className={classes(
            open ? "block" : "hidden print:block",
            "px-4 pt-1 pb-4 pl-12 max-md:px-3 max-md:pl-11",
          )}
        >
          <Proof claim={claim} />
        </div>
      )}
    </li>
  );
}

function Proof({ claim }: { claim: Claim }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? claim.evidence : claim.evidence.slice(0, atFirst);
  return (
    <>
      {shown.length > 0 && (
        <div className="overflow-x-auto border-l-2 border-accent-soft pl-4">
          <table className="w-full border-collapse text-left font-mono text-evidence">
            <caption className="sr-only">Evidence for: {claim.words}</caption>
            <thead className="sr-only">
              <tr>
                <th scope="col">Result</th>
                <th scope="col">Tried</th>
                <th scope="col">As whom</th>
                <th scope="col">Answer</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((evidence, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: evidence of one run does not move.
                <Line key={index} evidence={evidence} inPrint={index < onPaper} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {claim.evidence.length > onPaper && (
        <p className="mt-2 hidden text-small text-muted print:block">
          and {plural(claim.evidence.length - onPaper, "line")} more on the page itself
        </p>
      )}
      {claim.evidence.length > shown.length && (
        <Button kind="quiet" small className="mt-2 print:hidden" onClick={() => setWhole(true)}>
          Show all {count(claim.evidence.length)}
        </Button>
      )}
      <div className="mt-3 max-w-[68ch] text-small leading-relaxed text-muted">
        {claim.subjects > 0 && (
          <p>
            {plural(claim.subjects, "attempt")} in this claim
            {claim.ms ? `, in ${(claim.ms / 1000).toFixed(1)} s` : ""}.
          </p>
        )}
        {claim.removed && <p>Seen red without: {claim.removed}</p>}
        {claim.couldBeWrong && <p>What could still be wrong: {claim.couldBeWrong}</p>}
        <p className="mt-1 font-mono text-evidence">{claim.id}</p>
      </div>
    </>
  );
}

const verdicts: Record<Evidence["verdict"], { state: State; colour: string }> = {
  held: { state: "held", colour: "text-held" },
  broken: { state: "broken", colour: "text-broken" },
  inconclusive: { state: "not-run", colour: "text-muted" },
};

function Line({ evidence, inPrint }: { evidence: Evidence; inPrint: boolean }) {
  const { state, colour } = verdicts[evidence.verdict];
  return (
    <tr
      className={classes(
        !inPrint && "print:hidden",
        "align-top max-sm:grid max-sm:grid-cols-[auto_1fr] max-sm:gap-x-3 max-sm:pb-2.5",
      )}
    >
      <td className={`py-1 pr-6 whitespace-nowrap max-sm:py-0 max-sm:pr-0 ${colour}`}>
        <span className="inline-flex items-center gap-1.5">
          <Glyph state={state} size={12} />
          {wordOf(state)}
        </span>
      </td>
      <td className="py-1 pr-6 wrap-anywhere max-sm:py-0 max-sm:pr-0 sm:w-2/5">{evidence.what}</td>
      <td className="py-1 pr-6 text-muted max-sm:col-start-2 max-sm:py-0 max-sm:pr-0">{evidence.who}</td>
      <td className="py-1 text-muted max-sm:col-start-2 max-sm:py-0">{evidence.got}</td>
    </tr>
  );
}

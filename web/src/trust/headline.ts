import type { SecuritySnapshot } from "../api/types.ts";
import { ago, count, plural } from "../ui/amounts.ts";
import type { State } from "../ui/glyph.tsx";

export type Headline = {
  state: State;
  /** A sentence on a line of its own, or nothing. */
  lead: string;
  before: string;
  verdict: string;
  after: string;
  short: string;
};

const hour = 3_600_000;

/**
 * The last result in one sentence, written from the data and nothing else. `lead`, `before` and `after` are plain,
 * `verdict` takes the colour of the state, `short` is the form for the rail. What is broken comes first, on the running
 * server or on the copy; then the last attack on the running server; and the copy alone only while there was none.
 */
export function headlineOf(snapshot: SecuritySnapshot, now: number): Headline {
  const { totals, live } = snapshot;
  const { last } = live;
  if (last?.result === "broken") return gotThrough(last, now);
  if (totals.broken > 0) return brokenClaims(snapshot, now);
  if (!last) return beforeTheFirst(snapshot, now);
  if (last.attempts === 0 || last.held === 0)
    return {
      state: "not-done",
      lead: `Attacked ${ago(last.at, now)}.`,
      before: "",
      verdict: "No attempt could be judged.",
      after: "",
      short: "No attempts counted",
    };
  const stale =
    last.result === "stale" || now - Date.parse(last.at) > Math.max(3 * hour, live.everyMinutes * 180_000);
  return {
    state: stale ? "stale" : "held",
    lead: `${stale ? "Last attacked" : "Attacked"} ${ago(last.at, now)}.`,
    before: `${plural(last.attempts, "attempt")}, `,
    verdict: noneOf(last.attempts),
    after: last.inconclusive > 0 ? ` ${count(last.inconclusive)} could not be judged.` : "",
    short: "No one got in",
  };
}

const noneOf = (attempts: number): string =>
  attempts === 1 ? "it did not get through." : "none got through.";

const numbers = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

function gotThrough(last: NonNullable<SecuritySnapshot["live"]["last"]>, now: number): Headline {
  const through = last.breached.reduce((sum, { attempts }) => sum + attempts, 0);
  const number = numbers[through] ?? count(through);
  const words = `${number} ${through === 1 ? "attempt" : "attempts"} got through`;
  return {
    state: "broken",
    lead: "",
    before: "",
    verdict: words,
    after: ` ${ago(last.at, now)}. We are on it.`,
    short: words,
  };
}

function brokenClaims({ checkedAt, totals }: SecuritySnapshot, now: number): Headline {
  const words =
    totals.broken === 1 ? "One claim is broken" : `${capital(plural(totals.broken, "claim"))} are broken`;
  return {
    state: "broken",
    lead: "",
    before: "",
    verdict: `${words},`,
    after: ` found ${checkedAt ? ago(checkedAt, now) : "just now"}. We are on it.`,
    short: words,
  };
}

/** No attack on the running server yet, or never one: what the copy says is not passed off as more. */
function beforeTheFirst({ checkedAt, attempts, live }: SecuritySnapshot, now: number): Headline {
  const why = live.everyMinutes === 0 ? "Not attacked in operation." : "Not attacked in operation yet.";
  if (!checkedAt || attempts === 0)
    return { state: "not-done", lead: "", before: "", verdict: why, after: "", short: "Not attacked yet" };
  return {
    state: "stale",
    lead: why,
    before: `A fresh copy was, ${ago(checkedAt, now)}: ${plural(attempts, "attempt")}, `,
    verdict: noneOf(attempts),
    after: "",
    short: "No one got in, on a copy",
  };
}

/** The line below the short form in the rail. */
export function proofLine({ checkedAt, attempts, live: { last } }: SecuritySnapshot, now: number): string {
  if (last) return `${plural(last.attempts, "attempt")}, last ${ago(last.at, now, true)}`;
  return checkedAt
    ? `${plural(attempts, "attempt")}, last ${ago(checkedAt, now, true)}`
    : "The checks have not run";
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

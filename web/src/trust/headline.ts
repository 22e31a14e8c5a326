import type { SecuritySnapshot } from "../api/types.ts";
import type { State } from "../ui/glyph.tsx";
import { ago, plural } from "../ui/time.tsx";

export type Headline = {
  state: State;
  /** A sentence on a line of its own, or nothing. */
  lead: string;
  before: string;
  verdict: string;
  after: string;
  short: string;
};

const day = 86_400_000;

/**
 * The last result in one sentence, written from the data and nothing else. `lead`, `before` and `after` are plain,
 * `verdict` takes the colour of the state, `short` is the form for the rail. Attempts are the attacker's; what is
 * broken is counted in claims.
 */
export function headlineOf(snapshot: SecuritySnapshot, now: number): Headline {
  const { checkedAt, totals, attempts } = snapshot;
  if (!checkedAt) {
    return {
      state: "not-done",
      lead: "",
      before: "",
      verdict: "Not attacked yet.",
      after: "",
      short: "Not attacked yet",
    };
  }
  const when = ago(checkedAt, now);
  if (totals.broken > 0) {
    const words =
      totals.broken === 1 ? "One claim is broken" : `${capital(plural(totals.broken, "claim"))} are broken`;
    return {
      state: "broken",
      lead: "",
      before: "",
      verdict: `${words},`,
      after: ` found ${when}. We are on it.`,
      short: words,
    };
  }
  if (attempts === 0) {
    return {
      state: "not-done",
      lead: `Checked ${when}.`,
      before: "",
      verdict: "No attempts were counted.",
      after: "",
      short: "No attempts counted",
    };
  }
  const tried = `${plural(attempts, "attempt")}, `;
  const none = attempts === 1 ? "it did not get through." : "none got through.";
  if (now - Date.parse(checkedAt) > day || totals.stale > 0) {
    return {
      state: "stale",
      lead: `Last attacked ${when}.`,
      before: tried,
      verdict: none,
      after: "",
      short: "No one got in",
    };
  }
  return {
    state: "held",
    lead: `Attacked ${when}.`,
    before: tried,
    verdict: none,
    after: "",
    short: "No one got in",
  };
}

/** The line below the short form in the rail. */
export function proofLine(snapshot: SecuritySnapshot, now: number): string {
  if (!snapshot.checkedAt) return "The checks have not run";
  return `${plural(snapshot.attempts, "attempt")}, last ${ago(snapshot.checkedAt, now, true)}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

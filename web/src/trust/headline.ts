import type { SecuritySnapshot } from "../api/types.ts";
import type { State } from "../ui/glyph.tsx";
import { ago, plural } from "../ui/time.tsx";

export type Headline = { state: State; before: string; verdict: string; after: string; short: string };

const day = 86_400_000;

/**
 * The last result in one sentence, written from the data and nothing else. `before` is plain, `verdict` takes the
 * colour of the state, `short` is the two-word form for the rail.
 */
export function headlineOf(snapshot: SecuritySnapshot, now: number): Headline {
  const { checkedAt, totals, attempts } = snapshot;
  if (!checkedAt) {
    return {
      state: "not-done",
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
      before: "",
      verdict: `${words},`,
      after: ` found ${when}. We are on it.`,
      short: words,
    };
  }
  if (attempts === 0) {
    return {
      state: "not-done",
      before: `Checked ${when}. `,
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
      before: `Last attacked ${when}. ${tried}`,
      verdict: none,
      after: "",
      short: "No one got in",
    };
  }
  return {
    state: "held",
    before: `Attacked ${when}. ${tried}`,
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

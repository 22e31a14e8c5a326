import type { Finding } from "../../../kernel/controls.ts";

/** A line of evidence: what was tried, by whom, and what came of it. */
export const finding = (held: boolean, what: string, who: string, got: string): Finding => ({
  verdict: held ? "held" : "broken",
  what,
  who,
  got,
});

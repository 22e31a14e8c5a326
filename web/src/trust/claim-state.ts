import type { Claim } from "../api/types.ts";
import type { State } from "../ui/glyph.tsx";

/** What a claim can show on the security page, in the order of the legend. */
export const claimStates = ["held", "broken", "stale", "attested", "not-run", "not-done"] as const;
export type ClaimState = (typeof claimStates)[number] & State;

/**
 * The state that a claim shows. `not-run` is a claim that has a check whose last run could not decide it; `not-done`
 * one that has none yet. Neither ever counts as held.
 */
export function stateOf(claim: Claim): ClaimState {
  if (claim.kind === "not-done") return "not-done";
  if (claim.result === "broken") return "broken";
  if (claim.kind === "attested") return "attested";
  return claim.result;
}

/** How many of the claims are in each state; together they are all of them. */
export function countStates(claims: Claim[]): Record<ClaimState, number> {
  const counts = { held: 0, broken: 0, stale: 0, attested: 0, "not-run": 0, "not-done": 0 };
  for (const claim of claims) counts[stateOf(claim)] += 1;
  return counts;
}

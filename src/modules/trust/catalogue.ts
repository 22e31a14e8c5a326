import { aiClaims } from "./catalogue/ai.ts";
import { behindItClaims } from "./catalogue/behind-it.ts";
import type { Claim } from "./catalogue/claim.ts";
import { colleaguesClaims } from "./catalogue/colleagues.ts";
import { leavingClaims } from "./catalogue/leaving.ts";
import { lossClaims } from "./catalogue/loss.ts";
import { otherCustomersClaims } from "./catalogue/other-customers.ts";
import { signInClaims } from "./catalogue/sign-in.ts";
import { tamperingClaims } from "./catalogue/tampering.ts";
import { upkeepClaims } from "./catalogue/upkeep.ts";

export { type Claim, type QuestionId, questions } from "./catalogue/claim.ts";

/**
 * Everything that the security page must be able to claim, kept or not: what nothing has checked yet is shown as
 * not done. An id, once published, stays.
 */
export const catalogue: readonly Claim[] = [
  ...otherCustomersClaims,
  ...colleaguesClaims,
  ...signInClaims,
  ...aiClaims,
  ...lossClaims,
  ...tamperingClaims,
  ...leavingClaims,
  ...upkeepClaims,
  ...behindItClaims,
];

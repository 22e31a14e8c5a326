import { claimsUnder } from "./claim.ts";

export const upkeepClaims = claimsUnder("upkeep", [
  {
    id: "ops.status",
    words:
      "A public status page shows the state of this moment, the uptime against 99.9 % and past incidents, with room for an outside monitor whose view stands beside ours.",
    couldBeWrong:
      "A service that is down entirely cannot publish that it is; that is what the outside monitor is for.",
  },
  {
    id: "ops.alerts",
    words:
      "Unexpected errors and failed jobs reach the team by mail, grouped, and without any customer's content in them.",
  },
  {
    id: "ops.supply-chain",
    words:
      "Each change has its dependencies audited and is analysed both as code and as a running service; a bill of materials names even the bundled programs, and the clocks on open fixes (72 hours for a critical one) are public.",
    couldBeWrong: "A flaw that nobody has reported yet is in no list.",
  },
  {
    id: "trust.incidents",
    words:
      "An incident starts the clocks that were agreed (24, 48 or 72 hours for each customer, and 72 hours for the authority under GDPR Article 33); its notice tells what happened, which data it touched, the likely effect, what was done, what to do oneself and whom to ask; and a review follows.",
  },
  {
    id: "trust.disclosure",
    words:
      "Whoever reports a weakness in good faith is promised safe harbour, hears back within 2 business days, and can count on a 90-day clock to publication.",
  },
  {
    id: "trust.security-txt",
    words: "The file /.well-known/security.txt tells, as RFC 9116 lays down, where to report a weakness.",
    couldBeWrong: "Whether somebody reads what arrives there, no check can tell.",
  },
]);

import { claimsUnder } from "./claim.ts";

export const behindItClaims = claimsUnder("behind-it", [
  {
    id: "tenancy.support-access",
    words:
      "The operator's staff see no customer's content unless an admin of that customer opens it to them for a limited time, which that customer's own audit log shows.",
    couldBeWrong:
      "This holds in the product; whoever runs the machine itself can reach the running process and its keys.",
  },
  {
    id: "trust.page",
    words:
      "This page is written from checks that ran: it shows what was tested, what is our word and what is not done, with time, version and coverage, and a result that has grown old is grey, never green.",
    couldBeWrong:
      "Whoever runs the server decides what it shows; whoever doubts it can run the checks and the attacks themselves.",
  },
  {
    id: "trust.gaps",
    words: "What is missing stands on this page as plainly as what is there.",
    couldBeWrong: "What nobody thought of is in no list.",
  },
  {
    id: "trust.questionnaire",
    words: "Filled-in questionnaires (CAIQ, MVSP, ASVS) are produced from the same results as this page.",
  },
  {
    id: "trust.governance",
    words:
      "Versioned policies with an owner each, their acknowledgement by staff, the register of vendors, reviews of access, second factors for operator staff, certificates and penetration tests in their true state, and the facts of hosting (region, access to hosts, firewall, staging) are on record.",
    couldBeWrong: "All of this is the operator's word.",
    kind: "attested",
  },
  {
    id: "trust.subprocessors",
    words:
      "Everyone who processes data on the operator's behalf is on a public list, nobody is on it without an agreement on record, and subscribers learn of each change.",
    couldBeWrong: "That the list is complete, and the agreements signed, is the operator's word.",
    kind: "attested",
  },
  {
    id: "trust.legal",
    words:
      "The operator publishes its own terms, privacy notice, data processing agreement, cookie and acceptable-use rules and its account of how AI is used.",
    couldBeWrong: "What these texts say is the operator's own responsibility.",
    kind: "attested",
  },
]);

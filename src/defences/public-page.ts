import type { Defence } from "./defence.ts";

export const publicPageDefences: readonly Defence[] = [
  {
    words: "a result grows old",
    claim: "trust.page",
    file: "src/modules/trust/snapshot.ts",
    text: "system.clock().getTime() - run.at.getTime() < FRESH_FOR",
    without: "FRESH_FOR > 0",
  },
  {
    words: "a result counts for its own version",
    claim: "trust.page",
    file: "src/modules/trust/snapshot.ts",
    text: "run !== null && run.version === system.version &&",
    without: "run !== null &&",
  },
  {
    words: "a result counts when it is signed",
    claim: "trust.page",
    file: "src/modules/trust/runs/service.ts",
    text: 'if (!(await isSigned(system, note, ["checks", at.toISOString(), version, digestOf(text)]))) return "forged";',
    without: "",
  },
  {
    words: "the way in is told after the fix",
    claim: "trust.page",
    file: "src/modules/trust/snapshot.ts",
    text: 'result.result === "broken" ? [] : [...result.evidence]',
    without: "[...result.evidence]",
  },
  {
    words: "what nothing checks stands on the page",
    claim: "trust.gaps",
    file: "src/modules/trust/snapshot.ts",
    text: "const claims = catalogue.map((claim) => ({",
    without:
      "const claims = catalogue.filter(({ id }) => run?.results.some((r) => r.id === id)).map((claim) => ({",
  },
  {
    words: "the file says until when it holds",
    claim: "trust.security-txt",
    file: "src/modules/trust/public-page/security-txt.ts",
    text: "    `Expires: ${expires}`,\n",
    without: "",
  },
  {
    words: "a contact is one that programs can use",
    claim: "trust.security-txt",
    file: "src/modules/trust/public-page/settings.ts",
    text: "return isHttps(text) ||",
    without: "return text.length > 0 || isHttps(text) ||",
  },
];

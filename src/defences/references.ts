import type { Defence } from "./defence.ts";

/** Of identifiers that stand in bodies instead of paths. */
export const referenceDefences: readonly Defence[] = [
  {
    words: "a notice named in a body is one's own",
    claim: "tenancy.isolation-api",
    part: "attack",
    operation: "POST /api/t/{slug}/notices/read",
    file: "src/modules/identity/notices/service.ts",
    text: 'if (mine.length < named.length) throw appError("not_found");',
    without: "",
  },
];

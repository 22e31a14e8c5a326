import type { Defence } from "./defence.ts";

/** Of identifiers that stand in bodies instead of paths. */
export const referenceDefences: readonly Defence[] = [
  {
    words: "a notice named in a body is one's own",
    claim: "tenancy.isolation-api",
    file: "src/modules/identity/notices/service.ts",
    text: 'if (mine.length < named.length) throw appError("not_found");',
    without: "",
  },
  {
    words: "who is taken out of a group is a member of the workspace",
    claim: "tenancy.isolation-api",
    file: "src/modules/tenancy/groups/service.ts",
    text: 'for (const id of remove) if (!everyone.has(id)) throw appError("not_found");',
    without: "",
  },
];

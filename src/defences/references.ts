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
  {
    words: "who is taken out of a group is a member of the workspace",
    claim: "tenancy.isolation-api",
    part: "attack",
    operation: "PUT /api/t/{slug}/groups/{id}/members",
    file: "src/modules/tenancy/groups/service.ts",
    text: 'for (const id of remove) if (!everyone.has(id)) throw appError("not_found");',
    without: "",
  },
];

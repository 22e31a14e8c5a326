import type { Defence } from "./defence.ts";

const claim = "tenancy.isolation-users";
const reach = "src/modules/knowledge/sharing/reach.ts";
const sharing = "db/migrations/0010_sharing.sql";
const view = "src/modules/knowledge/sharing/view.ts";
const openings = "src/modules/tenancy/openings";

/** Of what colleagues may see of each other's: owning, sharing, folders, groups, and an admin's openings. */
export const sharingDefences: readonly Defence[] = [
  {
    words: "a list holds what is its reader's own",
    claim,
    file: reach,
    text: "    sql`${owner} = ${memberId}`,\n",
    without: "    sql`${owner} is not null`,\n",
  },
  {
    words: "what is looked up by its id is its reader's own",
    claim,
    file: reach,
    text: "(${owner} = ${memberId} or sharing",
    without: "(${owner} is not null or sharing",
  },
  {
    words: "a share speaks to the member whom it names",
    claim,
    file: sharing,
    text: "               s.member_id = p_member or (s.member_id is null",
    without: "               s.member_id is not null or (s.member_id is null",
  },
  {
    words: "a list holds what is shared with its reader, not with others",
    claim,
    file: reach,
    text: "sql`(share.member_id = ${memberId}\n",
    without: "sql`(share.member_id is not null\n",
  },
  {
    words: "a share with a group speaks to its members",
    claim,
    file: sharing,
    text: "where g.tenant_id = kernel.current_tenant() and g.member_id = p_member);",
    without: "where g.tenant_id = kernel.current_tenant());",
  },
  {
    words: "a folder opens what lies in it to its owner, not to everybody",
    claim,
    file: reach,
    text: "where up.folder_id = ${place} and holder.owner_id = ${memberId})`,",
    without: "where up.folder_id = ${place} and holder.owner_id is not null)`,",
  },
  {
    words: "what a folder no longer lies in no longer counts",
    claim,
    file: sharing,
    text: "        and a.tenant_id = new.tenant_id and a.folder_id = inside.folder_id\n",
    without: "        and a.tenant_id = new.tenant_id and a.folder_id = inside.folder_id and false\n",
  },
  {
    words: "an opening is over when it was ended",
    claim,
    file: sharing,
    text: " and o.ended_at is null and o.until > p_now\n        and (o.member_id = p_owner",
    without: " and o.until > p_now\n        and (o.member_id = p_owner",
  },
  {
    words: "what is read under an opening is recorded",
    claim,
    file: `${openings}/reading.ts`,
    text: "of first.rows)",
    without: "of first.rows.slice(0, 0))",
  },
  {
    words: "the owner is told of an opening",
    claim,
    file: `${openings}/service.ts`,
    text: "for (const { member_id } of present)\n",
    without: "for (const { member_id } of present.slice(0, 0))\n",
  },
  {
    words: "nobody opens what belongs to someone who holds more",
    claim,
    file: `${openings}/service.ts`,
    text: "if (owners.some((owner) =>",
    without: "if (owners.length === 0 && owners.some((owner) =>",
  },
  {
    words: "who may read does not change",
    claim,
    file: view,
    text: 'if (to === "write" && has === "read")',
    without: 'if (to === "write" && has !== "read" && has !== "write" && has !== "own")',
  },
  {
    words: "only the owner shares and deletes",
    claim,
    file: view,
    text: 'if (to === "own" && has !== "own")',
    without: 'if (to === "own" && has !== "own" && has === null)',
  },
  {
    words: "a share is changed and ended by the owner of its object",
    claim,
    file: "src/modules/knowledge/sharing/shares.ts",
    text: 'if (owner_id !== memberOf(ctx)) throw appError("not_found");',
    without: "",
  },
  {
    words: "a stream of documents shows those that its reader may see now",
    claim,
    file: "src/modules/knowledge/documents/events.ts",
    text: '        .where(visibleTo("document", reach))\n',
    without: "",
  },
  {
    words: "a citation is shown to who may see its document now",
    claim,
    file: "src/modules/knowledge/service.ts",
    text: '      .where(visibleTo("document", reach))\n      .where(sql<boolean>`document.document_id = any',
    without: "      .where(sql<boolean>`document.document_id = any",
  },
  {
    words: "an admin does not let themself into a group that others share with",
    claim,
    file: "src/modules/tenancy/groups/service.ts",
    text: "if (add.includes(me) && !before.has(me) && (await",
    without: "if (add.includes(me) && before.has(me) && (await",
  },
  {
    words: "a question under an opening, of whom nobody told, stays hidden",
    claim,
    file: "src/modules/assistant/service.ts",
    text: "        !row.shown\n          ? untoldView(row)\n          : ",
    without: "        !row\n          ? untoldView(row)\n          : ",
  },
];

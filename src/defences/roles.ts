import type { Defence } from "./defence.ts";

const ownRoles = "src/modules/identity/roles/own-roles.ts";
const keys = "src/modules/identity/keys/service.ts";
const permissions = "src/kernel/permissions.ts";
// Where the functions stand as they are now.
const entry = "db/migrations/0023_lifecycle.sql";
const grants = "db/migrations/0020_canaries.sql";
const support = "db/migrations/0013_support.sql";
const entering = "src/modules/tenancy/support/entering.ts";

/** Of what roles, API keys and the operator's staff may do, and who hands it out. */
export const roleDefences: readonly Defence[] = [
  {
    words: "a custom role holds what it was given",
    claim: "tenancy.roles",
    file: permissions,
    text: "given.has(p.key) || p.always === true",
    without: 'given.has(p.key) || p.always === true || p.from === "viewer"',
  },
  {
    words: "nobody makes a role of more than they hold",
    claim: "tenancy.no-escalation",
    file: ownRoles,
    text: "if (!holdsAll(mine, wanted))",
    without: "if (mine.size === 0)",
  },
  {
    words: "nobody changes a role that holds more than they do",
    claim: "tenancy.no-escalation",
    file: ownRoles,
    text: 'if (!holdsAll(mine, rightsOf({ role: "custom", granted: row.permissions }, tenantKind)))',
    without: "if (mine.size === 0)",
  },
  {
    words: "a guest acts only while the grant is in force",
    claim: "tenancy.support-access",
    file: entry,
    text: "        and case when m.role = 'support' then directory.support_stands(m.member_id, s.staff_session_id, p_now)\n                 else true end;",
    without: "        and true;",
  },
  {
    words: "a guest's session ends with the one at the operator's",
    claim: "tenancy.support-access",
    file: support,
    text: "        and s.ended_at is null and s.expires_at > p_now\n        and m.status = 'active'\n        and (m.role in",
    without: "        and m.status = 'active'\n        and (m.role in",
  },
  {
    words: "only the operator's workspace is told of grants",
    claim: "tenancy.support-access",
    file: grants,
    text: "o.tenant_id = kernel.current_tenant() and o.kind = 'operator')",
    without: "o.tenant_id = kernel.current_tenant())",
  },
  {
    words: "a guest's session ends with the grant",
    claim: "tenancy.support-access",
    file: entering,
    text: ".set({ expires_at: expires })",
    without: ".set({ last_active_at: now })",
  },
  {
    words: "the staff hold what is for them",
    claim: "tenancy.support-access",
    file: permissions,
    text: 'if (role === "support") return p.forSupport === true;',
    without: 'if (role === "support") return p.forSupport === true || p.from === "viewer";',
  },
  {
    words: "the staff are given nothing by a share",
    claim: "tenancy.support-access",
    file: "src/modules/knowledge/sharing/shares.ts",
    text: '.where("role", "<>", "support")',
    without: "",
  },
  {
    words: "entering asks for a fresh second factor",
    claim: "tenancy.support-access",
    file: "src/modules/tenancy/support/routes.ts",
    text: '    audit: "support.entered",\n    rate: "write",\n    fresh: true,\n',
    without: '    audit: "support.entered",\n    rate: "write",\n',
  },
  {
    words: "a key is made of what its maker holds",
    claim: "connectors.api-keys",
    part: "rights",
    file: keys,
    text: "if (!scope.every((key) => possible.has(key)))",
    without: "if (possible.size === 0)",
  },
  {
    words: "a key does no more than its owner may do now",
    claim: "connectors.api-keys",
    part: "rights",
    file: permissions,
    text: "ofOwner.has(key) && declared",
    without: "declared",
  },
  {
    words: "a key runs out",
    claim: "connectors.api-keys",
    part: "end",
    file: entry,
    text: "k.revoked_at is null and k.expires_at > p_now",
    without: "k.revoked_at is null",
  },
  {
    words: "a key works from its networks",
    claim: "connectors.api-keys",
    part: "networks",
    file: entry,
    text: "if cardinality(v_networks) > 0 and not",
    without: "if cardinality(v_networks) < 0 and not",
  },
  {
    words: "a key ends with its owner",
    claim: "connectors.api-keys",
    part: "rights",
    file: "src/modules/tenancy/members/service.ts",
    text: "      await endKeysOf(inner, memberId);\n",
    without: "",
  },
  {
    words: "a key is not shown beside a session",
    claim: "connectors.api-keys",
    part: "shown",
    file: "src/kernel/routes/guards.ts",
    text: '    throw appError("two_credentials");',
    without: "    return null;",
  },
  {
    words: "a key of a folder reaches what lies in it",
    claim: "connectors.api-keys",
    part: "folder",
    file: "db/migrations/0015_library.sql",
    text: "return v_bound is null or exists (",
    without: "return v_bound is null or true or exists (",
  },
  {
    words: "what a removed member left is handed over by nobody who held less",
    claim: "tenancy.no-escalation",
    file: "src/modules/tenancy/hand-over/service.ts",
    text: "    if (!holdsAll(permissions, rightsOf(giver, tenantKind)))\n      throw",
    without: "    if (permissions.size < 0 && giver) throw",
  },
  {
    words: "nor what somebody else has something in who holds more",
    claim: "tenancy.no-escalation",
    file: "src/modules/tenancy/hand-over/service.ts",
    text: "    if (others.some((other) => !holdsAll(permissions, rightsOf(other, tenantKind))))\n",
    without: "    if (others.some(() => permissions.size < 0))\n",
  },
  {
    words: "nothing is handed over of who is still here",
    claim: "tenancy.no-escalation",
    file: "src/modules/tenancy/hand-over/service.ts",
    text: 'if (giver.status !== "removed") throw appError("wrong_state");',
    without: "",
  },
];

import { permission } from "../../kernel/permissions.ts";

const everywhere = { in: "everywhere" } as const;

permission({ key: "member.read", words: "See who is a member", from: "viewer", ...everywhere });
permission({
  key: "member.change-role",
  words: "Change the roles of members up to one's own role",
  from: "admin",
  ...everywhere,
});
permission({
  key: "member.suspend",
  words: "Suspend members and let them back in",
  from: "admin",
  ...everywhere,
});
permission({ key: "member.remove", words: "Remove members", from: "admin", ...everywhere });
permission({
  key: "member.unlock",
  words: "End the pause after a member's failed sign-ins",
  from: "admin",
  ...everywhere,
});
permission({ key: "tenant.read", words: "See the workspace's name", from: "viewer", ...everywhere });
permission({ key: "tenant.change", words: "Rename the workspace", from: "admin", ...everywhere });
permission({
  key: "operator.tenants.read",
  words: "See which workspaces this installation has",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.tenants.create",
  words: "Create workspaces and invite their first owners",
  from: "admin",
  in: "operator",
});

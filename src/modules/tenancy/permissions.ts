import { permission } from "../../kernel/permissions.ts";

const everywhere = { in: "everywhere" } as const;

permission({
  key: "member.read",
  group: "People",
  words: "See who is a member",
  from: "viewer",
  ...everywhere,
});
permission({
  key: "member.change-role",
  group: "People",
  words: "Change the roles of members up to one's own role",
  from: "admin",
  ...everywhere,
});
permission({
  key: "member.suspend",
  group: "People",
  words: "Suspend members and let them back in",
  from: "admin",
  ...everywhere,
});
permission({ key: "member.remove", group: "People", words: "Remove members", from: "admin", ...everywhere });
permission({
  key: "member.unlock",
  group: "People",
  words: "End the pause after a member's failed sign-ins",
  from: "admin",
  ...everywhere,
});
permission({
  key: "tenant.read",
  group: "Workspace",
  words: "See the workspace's name",
  from: "viewer",
  ...everywhere,
});
permission({
  key: "tenant.change",
  group: "Workspace",
  words: "Rename the workspace",
  from: "admin",
  ...everywhere,
});
permission({
  key: "operator.tenants.read",
  group: "Operator",
  words: "See which workspaces this installation has",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.tenants.create",
  group: "Operator",
  words: "Create workspaces and invite their first owners",
  from: "admin",
  in: "operator",
});
permission({
  key: "policy.change",
  group: "Workspace",
  words: "Say what signing in asks of everyone: second factors, kinds of passwords",
  from: "owner",
  in: "everywhere",
});

import type { BuiltInRole } from "../../kernel/context.ts";
import { permission } from "../../kernel/permissions.ts";

type Forms = { readonly forKeys?: true; readonly forSupport?: true };

const under =
  (group: string, where: "everywhere" | "customer" | "operator") =>
  (from: BuiltInRole, key: string, words: string, more: Forms = {}) =>
    permission({ key, group, words, from, in: where, ...more });

const people = under("People", "everywhere");
people("viewer", "member.read", "See who is a member", { forKeys: true, forSupport: true });
people("viewer", "member.see-rights", "See what one may do and why; of others, where one may change roles");
people("admin", "member.change-role", "Change the roles of members who hold no more than oneself");
people("admin", "member.suspend", "Suspend members");
people("admin", "member.reinstate", "Let suspended members back in");
people("admin", "member.remove", "Remove members");
people("admin", "member.unlock", "End the pause after a member's failed sign-ins");
people("admin", "member.reset-factors", "Remove the second factors of a member who lost them");

const holdings = under("People", "customer");
holdings("admin", "member.see-holdings", "See how much a member holds, without seeing what");
holdings("admin", "member.hand-over", "Hand over what a removed member held");

const groups = under("Groups", "customer");
groups("viewer", "group.read", "See the groups and who is in them", { forKeys: true, forSupport: true });
groups("admin", "group.create", "Make groups");
groups("admin", "group.change", "Rename groups");
groups("admin", "group.delete", "Delete groups");
groups("admin", "group.members", "Say who is in a group");

const content = under("Others' content", "customer");
content("admin", "content.open", "Open what belongs to others for a while, on record and seen by its owner");
content("admin", "content.see-openings", "See what was opened, by whom and why");
content("admin", "content.close", "End an opening before its time");

const workspace = under("Workspace", "everywhere");
workspace("viewer", "tenant.read", "See the workspace's name", { forKeys: true, forSupport: true });
workspace("admin", "tenant.change", "Rename the workspace");
workspace("viewer", "policy.read", "See what signing in asks of everyone", { forSupport: true });
workspace(
  "owner",
  "policy.change",
  "Say what signing in asks of everyone: second factors, kinds of passwords",
);

const leaving = under("Workspace", "customer");
leaving("owner", "tenant.close", "Close the workspace, and keep it while it is closing");
leaving(
  "owner",
  "tenant.export",
  "Take out everything in the workspace, what is private to members among it",
);

const support = under("Support", "customer");
support("admin", "support.see", "See when the operator's staff were let in, and by whom");
support("admin", "support.grant", "Let the operator's staff see what all members see, for some hours");
support("admin", "support.end", "End the staff's access at once");

const operator = under("Operator", "operator");
operator("admin", "operator.tenants.read", "See which workspaces this installation has");
operator("admin", "operator.tenants.create", "Create workspaces and invite their first owners");
operator("owner", "operator.tenants.close", "Close a workspace, for a reason that its owners are told");
operator("admin", "operator.users.import", "Add people to a workspace from a list");
operator("admin", "operator.support.see", "See which workspaces ask for support");
operator("admin", "operator.support.enter", "Enter a workspace that asked for it, as far as it allows");

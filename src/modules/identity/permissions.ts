import { permission } from "../../kernel/permissions.ts";

permission({
  key: "account.use",
  group: "Own account",
  words: "Be signed in: see and change one's own account, sessions and sign-in history",
  from: "viewer",
  in: "everywhere",
  always: true,
});
permission({
  key: "member.invite",
  group: "People",
  words: "Invite people and withdraw invitations",
  from: "admin",
  in: "everywhere",
});

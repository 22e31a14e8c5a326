import { permission } from "../../kernel/permissions.ts";

permission({
  key: "account.use",
  words: "Be signed in: see and change one's own account, sessions and sign-in history",
  from: "viewer",
  in: "everywhere",
});
permission({
  key: "member.invite",
  words: "Invite people and withdraw invitations",
  from: "admin",
  in: "everywhere",
});

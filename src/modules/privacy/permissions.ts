import { permission } from "../../kernel/permissions.ts";

permission({
  key: "account.export",
  group: "Own account",
  words: "Take out one's own data, and fetch what one asked for",
  from: "viewer",
  in: "everywhere",
  always: true,
});
permission({
  key: "account.erase",
  group: "Own account",
  words: "Have one's own account erased",
  from: "viewer",
  in: "customer",
});
permission({
  key: "member.erase",
  group: "People",
  words: "Erase members who hold no more than oneself, with everything that says who they were",
  from: "admin",
  in: "customer",
});
permission({
  key: "retention.read",
  group: "Workspace",
  words: "See how long what is kept",
  from: "admin",
  in: "everywhere",
});

import { permission } from "../../kernel/permissions.ts";

permission({
  key: "chat.use",
  words: "Ask questions in chats of one's own, and read chats shared with the workspace",
  from: "viewer",
  in: "customer",
});
permission({
  key: "chat.share",
  words: "Share one's own chats with the workspace",
  from: "manager",
  in: "customer",
});

import { permission } from "../../kernel/permissions.ts";

permission({
  key: "chat.use",
  group: "Chats",
  words: "Ask questions in chats of one's own, and read chats shared with the workspace",
  from: "viewer",
  in: "customer",
  forKeys: true,
});
permission({
  key: "chat.share",
  group: "Chats",
  words: "Share one's own chats with the workspace",
  from: "manager",
  in: "customer",
  forKeys: true,
});

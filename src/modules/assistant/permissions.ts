import type { BuiltInRole } from "../../kernel/context.ts";
import { permission } from "../../kernel/permissions.ts";

const chats = (from: BuiltInRole, key: string, words: string, more: { forSupport?: true } = {}) =>
  permission({ key, group: "Chats", words, from, in: "customer", forKeys: true, ...more });

chats("viewer", "chat.read", "Read one's own chats and those shared with one", { forSupport: true });
chats("viewer", "chat.see-access", "See who can see a chat");
chats("viewer", "chat.create", "Begin chats");
chats("viewer", "chat.ask", "Ask questions in chats that one may write");
chats("viewer", "chat.change", "Rename chats that one may write");
chats("viewer", "chat.delete", "Delete one's own chats");
chats("manager", "chat.share", "Share one's own chats");

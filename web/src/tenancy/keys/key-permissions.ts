import type { Permission, PermissionWords } from "../../api/types.ts";

// Whoever makes a key may not be allowed to read the roles, where the server keeps these words. What a key can hold at
// all is the server's decision; it refuses what is not in its own list.
const words: [group: string, items: [key: Permission, words: string][]][] = [
  [
    "Documents",
    [
      ["document.read", "Read documents"],
      ["document.download", "Download the originals"],
      ["document.upload", "Add documents"],
      ["document.change", "Rename documents"],
      ["document.move", "Move documents to another folder"],
      ["document.delete", "Delete documents"],
      ["document.retry", "Have a document read again"],
      ["search.use", "Search"],
    ],
  ],
  [
    "Folders",
    [
      ["folder.read", "See folders"],
      ["folder.create", "Create folders"],
      ["folder.change", "Rename folders"],
      ["folder.move", "Move folders"],
      ["folder.delete", "Delete empty folders"],
    ],
  ],
  [
    "Conversations",
    [
      ["chat.read", "Read conversations"],
      ["chat.create", "Begin conversations"],
      ["chat.ask", "Ask questions"],
      ["chat.change", "Rename conversations"],
      ["chat.delete", "Delete conversations"],
    ],
  ],
  [
    "Sharing",
    [
      ["document.see-access", "See who can see a document"],
      ["folder.see-access", "See who can see a folder"],
      ["chat.see-access", "See who can see a conversation"],
      ["document.share", "Share documents"],
      ["folder.share", "Share folders"],
      ["chat.share", "Share conversations"],
      ["share.change", "Change what others may do with what is shared"],
      ["share.end", "Take back what was shared"],
    ],
  ],
  [
    "Workspace",
    [
      ["member.read", "See who is a member"],
      ["group.read", "See the groups"],
      ["tenant.read", "See the name of the workspace"],
    ],
  ],
];

/** What a key can hold, in words. */
export const keyPermissions: PermissionWords[] = words.flatMap(([group, items]) =>
  items.map(([key, text]) => ({ key, group, words: text, always: false })),
);

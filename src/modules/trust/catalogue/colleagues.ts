import { claimsUnder } from "./claim.ts";

export const colleaguesClaims = claimsUnder("colleagues", [
  {
    id: "tenancy.isolation-users",
    words:
      "A person's documents, folders and chats are theirs alone until they share them, to read or to write, with a person, a group or the whole workspace; a colleague who forges an identifier gets nowhere, and neither does an admin without an access that is on record.",
    couldBeWrong:
      "How long a search takes can depend on documents that the person searching may not see. An admin can add an account of their own under another name to a group, and see what is shared with that group: the log shows it, nothing prevents it.",
  },
  {
    id: "tenancy.roles",
    words:
      "Four roles (viewer, manager, admin, owner) and roles of a customer's own making combine at least 51 permissions; the server checks them at every route, grants none by default, and the whole table of roles and routes is tested and published.",
    couldBeWrong: "That the published table is the right one is a matter of people reading it.",
  },
  {
    id: "tenancy.no-escalation",
    words:
      "No one can give rights that they do not hold, the last owner can neither leave nor be demoted, and a customer, role or owner slipped into a request is ignored.",
  },
  {
    id: "knowledge.files",
    words:
      "Files, their older versions and the pieces of uploads lie encrypted under random names without any public address; only a person who is signed in and may see a file can download it, nobody while it lies in the bin, and the browser gets it as an attachment in which nothing can run; what reads its text is a process of its own, which can open no other file, run no program and has nothing of the server's.",
    couldBeWrong:
      "Once downloaded, a file is opened by the person's own programs. Whether the process that reads it is also cut off from the network, and runs as another user, depends on what the system grants.",
  },
  {
    id: "assistant.memories",
    words:
      "What the assistant remembers belongs to one person in one workspace, and that person can list, edit and delete it.",
  },
]);

import { permission } from "../../kernel/permissions.ts";

permission({
  key: "audit.read",
  words: "Read the audit log of the workspace",
  from: "admin",
  in: "everywhere",
});

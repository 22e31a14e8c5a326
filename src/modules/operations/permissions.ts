import { permission } from "../../kernel/permissions.ts";

permission({
  key: "audit.read",
  group: "Audit",
  words: "Read the audit log of the workspace",
  from: "admin",
  in: "everywhere",
});

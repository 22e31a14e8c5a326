import { permission } from "../../kernel/permissions.ts";

permission({
  key: "audit.read",
  group: "Audit",
  words: "Read the audit log of the workspace",
  from: "admin",
  in: "everywhere",
});
permission({
  key: "audit.export",
  group: "Audit",
  words: "Take the audit log of the workspace away as a file",
  from: "admin",
  in: "everywhere",
});

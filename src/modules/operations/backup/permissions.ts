import { permission } from "../../../kernel/permissions.ts";

permission({
  key: "operator.backups.read",
  group: "Operator",
  words: "See which backups there are and what restoring them has shown",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.backups.make",
  group: "Operator",
  words: "Make a backup now",
  from: "admin",
  in: "operator",
});

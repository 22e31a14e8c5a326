import { permission } from "../../kernel/permissions.ts";

permission({
  key: "operator.controls.run",
  group: "Operator",
  words: "Start the checks behind the security page",
  from: "admin",
  in: "operator",
});

import { permission } from "../../kernel/permissions.ts";

permission({
  key: "operator.page.read",
  group: "Operator",
  words: "See what the operator says on the security page",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.page.change",
  group: "Operator",
  words: "Write what the operator says on the security page",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.controls.run",
  group: "Operator",
  words: "Start the checks behind the security page",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.attacks.read",
  group: "Operator",
  words: "See what got through in attacks on the running server, and alarms of the canaries",
  from: "admin",
  in: "operator",
});

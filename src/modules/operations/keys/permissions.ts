import { permission } from "../../../kernel/permissions.ts";

permission({
  key: "operator.keys.read",
  group: "Operator",
  words: "See where the master key comes from and what it wraps",
  from: "admin",
  in: "operator",
});
permission({
  key: "operator.keys.rotate",
  group: "Operator",
  words: "Replace the master key and the customers' data keys",
  from: "owner",
  in: "operator",
});

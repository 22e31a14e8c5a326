import type { Control } from "../../../kernel/controls.ts";
import type { Stage } from "../stage/stage.ts";
import { checkEscaping } from "./escaping.ts";
import { checkRateLimits } from "./rate-limits.ts";
import { checkSql } from "./sql.ts";

export const httpControls: readonly Control<Stage>[] = [
  {
    id: "http.sql-parameterised",
    kind: "tested",
    removed: "the parameter of a search, which was then put into the text of its statement",
    check: checkSql,
  },
  {
    id: "http.escaping",
    kind: "tested",
    removed: "the content policy, and the headers that make a download inert",
    check: checkEscaping,
  },
  {
    id: "http.rate-limits",
    kind: "tested",
    removed: "the limiter, which then allowed everything",
    check: (stage) => checkRateLimits(stage),
  },
];

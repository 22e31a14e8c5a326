import type { Control } from "../../../kernel/controls.ts";
import type { Stage } from "../stage/stage.ts";
import { checkRateLimits } from "./rate-limits.ts";
import { checkSql } from "./sql.ts";

export const httpControls: readonly Control<Stage>[] = [
  {
    id: "http.sql-parameterised",
    kind: "tested",
    claim:
      "No SQL is built from strings: what comes from outside travels beside the statement, as a parameter.",
    removed: "the parameter of a search, which was then put into the text of its statement",
    couldBeWrong:
      "the sweep reads the platform's own sources, not those of its packages; statements inside the database's functions are read by people",
    check: checkSql,
  },
  {
    id: "http.rate-limits",
    kind: "tested",
    claim:
      "Each customer has a limited rate on each route, a stricter one at sign-in; beyond it the answer is 429 and says when to come back.",
    removed: "the limiter, which then allowed everything",
    couldBeWrong:
      "one process is checked, and each process counts for itself; visitors are counted per network, not per customer",
    check: (stage) => checkRateLimits(stage),
  },
];

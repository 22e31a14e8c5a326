import type { Control } from "../../kernel/controls.ts";
import type { Stage } from "../trust/stage/stage.ts";
import { checkExport } from "./checks/export.ts";
import { checkLifecycle } from "./checks/lifecycle.ts";
import { checkRetention } from "./checks/retention.ts";

export const privacyControls: readonly Control<Stage>[] = [
  {
    id: "tenancy.lifecycle",
    kind: "tested",
    removed: "the look at whether the workspace is closing; and a table from the deletion",
    check: checkLifecycle,
  },
  {
    id: "tenancy.export",
    kind: "tested",
    removed: "the asker from the question whose export it is",
    check: checkExport,
  },
  {
    id: "privacy.retention",
    kind: "tested",
    removed: "the two years from the function that empties log entries",
    check: checkRetention,
  },
];

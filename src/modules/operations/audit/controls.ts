import type { Control } from "../../../kernel/controls.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { checkAppendOnly } from "./checks/append-only.ts";
import { checkEntries } from "./checks/entries.ts";
import { checkTamperEvident } from "./checks/tamper-evident.ts";

export const auditControls: readonly Control<Stage>[] = [
  {
    id: "audit.entries",
    kind: "tested",
    removed: "the entry of a route that changes something",
    check: checkEntries,
  },
  {
    id: "audit.append-only",
    kind: "tested",
    removed: "the missing privilege: the application was allowed to update entries",
    check: checkAppendOnly,
  },
  {
    id: "audit.tamper-evident",
    kind: "tested",
    removed: "the memory of the last checkpoint outside of the database",
    check: checkTamperEvident,
  },
];

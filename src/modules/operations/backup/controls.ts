import { type Control, together } from "../../../kernel/controls.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { checkMoves } from "../moves/checks/moves.ts";
import { checkBackups } from "./checks/backups.ts";
import { checkRecipients, checkRestoreTest } from "./checks/restoring.ts";
import { checkTenantRestore } from "./checks/tenants.ts";

export const backupControls: readonly Control<Stage>[] = [
  {
    id: "ops.backup",
    kind: "tested",
    removed: "reading back what was stored: a disk that lost a byte went unnoticed",
    check: checkBackups,
  },
  {
    id: "ops.restore-test",
    kind: "tested",
    removed: "the comparison of every table with its checksum after it was loaded",
    check: checkRestoreTest,
  },
  {
    id: "ops.backup-keys",
    kind: "tested",
    removed: "the configured recipients: everything was encrypted for the first one",
    check: checkRecipients,
  },
  {
    id: "ops.tenant-restore",
    kind: "tested",
    removed:
      "the tenant in the condition under which rows are deleted; the choice of one tenant's rows; looks at what another operator made",
    check: async (stage) => together(await checkTenantRestore(stage), await checkMoves(stage)),
    parts: { "set back": checkTenantRestore, "beside and moved": checkMoves },
  },
];

import type { Control } from "../../../kernel/controls.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { checkAtRest } from "./checks/at-rest.ts";
import { checkFields } from "./checks/fields.ts";
import { checkMasterKey } from "./checks/master-key.ts";
import { checkShredding } from "./checks/shredding.ts";

export const keyControls: readonly Control<Stage>[] = [
  {
    id: "crypto.fields",
    kind: "tested",
    removed: "the place in the associated data; the sealing of one column; the right to seal a column again",
    check: checkFields,
  },
  {
    id: "crypto.at-rest",
    kind: "attested",
    removed: "the encryption of stored files; the look at what lies beneath a volume",
    check: checkAtRest,
  },
  {
    id: "crypto.master-key",
    kind: "tested",
    removed:
      "the rewrapping of one file of two; the look at whether a key file is under an older key; the words at a wrong key's start",
    check: checkMasterKey,
  },
  {
    id: "crypto.shredding",
    kind: "tested",
    // Whoever opens all that was ever recorded meets what opens no more.
    last: true,
    removed:
      "the destruction of the file; the mark that stays; the look that another process takes at it; the end of the last copy",
    check: checkShredding,
  },
];

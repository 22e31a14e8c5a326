import type { Timer } from "./kernel/leader.ts";
import { keepWarning } from "./modules/identity/keys/warnings.ts";
import { keepTidying } from "./modules/knowledge/bin/tidying.ts";
import { keepIndexesTidy } from "./modules/knowledge/index/timer.ts";
import { keepSweeping } from "./modules/knowledge/sweep.ts";
import { keepSequencing } from "./modules/operations/audit/log/sequencer.ts";
import { keepResealing } from "./modules/operations/keys/data-keys.ts";
import { keepLapsing } from "./modules/operations/keys/shredding.ts";
import { keepRetention } from "./modules/privacy/retention/schedule.ts";
import { keepAttacking } from "./modules/trust/live/schedule.ts";
import { keepChecking } from "./modules/trust/runs/schedule.ts";

/** What is done by the clock: of all processes on a database, one does it. They stop in the reverse order. */
export const allTimers: readonly Timer[] = [
  { name: "audit log", keep: keepSequencing },
  { name: "checks", keep: keepChecking },
  { name: "attacks", keep: keepAttacking },
  { name: "sweep", keep: keepSweeping },
  { name: "bins", keep: keepTidying },
  { name: "indexes", keep: keepIndexesTidy },
  { name: "retention", keep: keepRetention },
  { name: "keys", keep: keepWarning },
  { name: "new data keys", keep: keepResealing },
  { name: "copies of keys", keep: keepLapsing },
];

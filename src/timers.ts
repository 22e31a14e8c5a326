import { certificateAlert } from "./instance.ts";
import { copyIn } from "./kernel/copy.ts";
import type { Timer } from "./kernel/leader.ts";
import type { System } from "./kernel/system.ts";
import { keepCertificate } from "./kernel/tls/acme.ts";
import { keepWarning } from "./modules/identity/keys/warnings.ts";
import { keepTidying } from "./modules/knowledge/bin/tidying.ts";
import { keepIndexesTidy } from "./modules/knowledge/index/timer.ts";
import { keepSweeping } from "./modules/knowledge/sweep.ts";
import { keepSequencing } from "./modules/operations/audit/log/sequencer.ts";
import { keepBackingUp } from "./modules/operations/backup/schedule.ts";
import { keepResealing } from "./modules/operations/keys/data-keys.ts";
import { keepLapsing } from "./modules/operations/keys/shredding.ts";
import { keepRetention } from "./modules/privacy/retention/schedule.ts";
import { keepAttacking } from "./modules/trust/live/schedule.ts";
import { keepChecking } from "./modules/trust/runs/schedule.ts";

/** What is done by the clock: of all processes on a database, one does it. They stop in the reverse order. */
export const allTimers: readonly Timer[] = [
  { name: "audit log", keep: keepSequencing },
  { name: "backups", keep: keepBackingUp },
  { name: "checks", keep: keepChecking },
  { name: "attacks", keep: keepAttacking },
  { name: "sweep", keep: keepSweeping },
  { name: "bins", keep: keepTidying },
  { name: "indexes", keep: keepIndexesTidy },
  { name: "retention", keep: keepRetention },
  { name: "keys", keep: keepWarning },
  { name: "new data keys", keep: keepResealing },
  { name: "copies of keys", keep: keepLapsing },
  { name: "certificate", keep: keepCertificateOf },
];

/**
 * In a copy for comparing nothing is done by the clock but what a server needs to answer: what was in a bin or was kept for
 * a time on its day is what somebody wants to see.
 */
export const timersOf = (home: string): readonly Timer[] =>
  copyIn(home) ? allTimers.filter(({ name }) => name === "audit log" || name === "indexes") : allTimers;

/** By ACME, where that is set. */
function keepCertificateOf(system: System): () => Promise<void> {
  const { config, clock, log } = system;
  if (config.tls?.source.kind !== "acme") return async () => {};
  const alert = certificateAlert(system);
  return keepCertificate({ source: config.tls.source, home: config.home, clock, log, alert });
}

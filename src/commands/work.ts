import { startWorker } from "../instance.ts";
import { keepTimers } from "../kernel/leader.ts";
import { lifetime } from "../kernel/lifetime.ts";
import { openLog } from "../kernel/log.ts";
import { keepWatching } from "../modules/trust/canaries/decoys.ts";
import { allTimers } from "../timers.ts";
import { noBackups } from "./serve.ts";
import { readSettings } from "./settings.ts";

/** `work`: jobs, and what is done by the clock, without answering requests. */
export async function run(): Promise<number> {
  const config = readSettings();
  const log = openLog(process.env.LOG_LEVEL ? config.logLevel : "warn");
  const life = lifetime({ log });
  const worker = await startWorker({ config, log, env: process.env });
  life.onStop("worker", () => worker.close());
  life.onStop("decoys", keepWatching(worker.system));
  const timers = keepTimers(worker.system, worker.appDatabaseUrl, allTimers);
  life.onStop("timers", timers.stop);
  const lines = [
    `Vouchsafe ${worker.system.version} works on jobs.`,
    ...noBackups(config),
    "Stop with Ctrl-C.",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  await life.stopped;
  return 0;
}

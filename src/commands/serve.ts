import { join } from "node:path";
import { type Instance, startInstance } from "../instance.ts";
import type { Config } from "../kernel/config.ts";
import { copyIn } from "../kernel/copy.ts";
import { startupError } from "../kernel/home.ts";
import { keepTimers } from "../kernel/leader.ts";
import { lifetime } from "../kernel/lifetime.ts";
import { openLog } from "../kernel/log.ts";
import { outboxLink } from "../modules/operations/outbox.ts";
import { offerSetUp } from "../modules/tenancy/set-up/service.ts";
import { keepWatching } from "../modules/trust/canaries/decoys.ts";
import { timersOf } from "../timers.ts";
import { fillDemo } from "./demo-companies.ts";
import { readSettings } from "./settings.ts";

/**
 * `serve`: everything in one process, until it is told to stop. With `--no-jobs` it leaves jobs to processes of `work`.
 */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const config = readSettings();
  const log = openLog(process.env.LOG_LEVEL ? config.logLevel : "warn");
  const jobs = !args.includes("--no-jobs");
  if (!jobs && !config.databaseUrl)
    throw startupError(
      "The built-in database is for one process only: nobody else could work on its jobs.",
      "Leave out --no-jobs, or set DATABASE_URL and JOBS_DATABASE_URL to a PostgreSQL of your own.",
    );
  // Answers and jobs that are under way get their time, after a proxy has had its own.
  const deadlineMs = 10_000 + config.drainSeconds * 1000;
  let renew = () => {};
  const life = lifetime({ log, deadlineMs, ...(config.tls ? { hangup: () => renew() } : {}) });
  const progress = progressLine();
  const instance = await startInstance({ config, log, env: process.env, jobs, progress: progress.show });
  renew = () => void instance.certificate?.reload();
  life.onStop("instance", () => instance.close());
  instance.postgres?.onCrash((words) => log.warn({ words }, "the database ended and is being started again"));
  try {
    if (args.includes("--demo")) await fillDemo(instance, progress.show);
    progress.end();
    await announce(instance, Math.round(performance.now() - started));
  } catch (error) {
    await instance.close();
    throw error;
  }
  life.onStop("decoys", keepWatching(instance.system));
  // A backup or a check takes memory and time that belong to whoever is answered: it goes where jobs are worked on.
  if (jobs) {
    const timers = keepTimers(
      instance.system,
      instance.postgres ? null : instance.appDatabaseUrl,
      timersOf(config.home),
    );
    life.onStop("timers", timers.stop);
  }
  // First of all: a proxy learns it while the timers still end.
  life.onStop("notice", instance.beginToEnd);
  await life.stopped;
  return 0;
}

async function announce(instance: Instance, ms: number): Promise<void> {
  const { system, postgres } = instance;
  const token = await offerSetUp(system);
  const outbox = outboxLink(system);
  const base = system.origin.current;
  const copy = copyIn(system.config.home);
  if (copy) system.log.warn({ workspace: copy.slug, taken: copy.taken }, "this is a copy for comparing");
  const lines = [
    `Vouchsafe ${system.version} is ready after ${(ms / 1000).toFixed(1)} s: ${base}`,
    ...(copy
      ? [
          "",
          `This is a COPY of ${copy.slug} as of ${copy.taken}, for comparing. It sends no mail and makes no backup.`,
          `  ${base}/t/${copy.slug}/sign-in`,
        ]
      : []),
    ...(token
      ? [
          "",
          "Set it up with this link. It works once, and nobody becomes the first owner without it:",
          `  ${base}/set-up#${token}`,
        ]
      : []),
    ...(outbox && !copy
      ? [
          "",
          "No mail server is set (SMTP_URL). Mails wait here, for whoever has this link:",
          `  ${base}${outbox}`,
        ]
      : []),
    "",
    system.masterKeySource === "file"
      ? `Master key: ${join(system.config.home, "secrets", "master.key")} (mode 0600, apart from the data). Copy it to a safe place: without it nothing can be read.`
      : system.masterKeySource === "service"
        ? "Master key: in the key service of KEY_SERVICE_URL."
        : "Master key: from the environment.",
    postgres
      ? `Database: built in, for one machine and evaluation. Data: ${system.config.home}`
      : "Database: DATABASE_URL.",
    ...noBackups(system.config),
    ...(instance.plainUrl ? [`Plain HTTP is redirected: ${instance.plainUrl}`] : []),
    "Stop with Ctrl-C.",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Said at each start, until there is somebody who could open one. */
export const noBackups = ({ backup }: Config): string[] =>
  backup.recipients.length > 0
    ? []
    : [
        "Backups: none, since BACKUP_RECIPIENTS is not set. What is lost here is lost (docs/operations.md, Backup).",
      ];

/** One line that is rewritten on a terminal, and a line each elsewhere. */
function progressLine() {
  let shown = false;
  return {
    show: (words: string) => {
      shown = process.stderr.isTTY;
      process.stderr.write(shown ? `\r\u001b[K${words} …` : `${words} …\n`);
    },
    end: () => {
      if (shown) process.stderr.write("\r\u001b[K");
    },
  };
}

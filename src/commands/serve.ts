import { join } from "node:path";
import { type Instance, startInstance } from "../instance.ts";
import { type ConfigProblem, readConfig } from "../kernel/config.ts";
import { startupError } from "../kernel/home.ts";
import { lifetime } from "../kernel/lifetime.ts";
import { openLog } from "../kernel/log.ts";
import { keepForgetting } from "../modules/identity/forgetting.ts";
import { keepWarning } from "../modules/identity/keys/warnings.ts";
import { keepTidying } from "../modules/knowledge/bin/tidying.ts";
import { keepIndexesTidy } from "../modules/knowledge/index/timer.ts";
import { keepSweeping } from "../modules/knowledge/sweep.ts";
import { keepSequencing } from "../modules/operations/audit/log/sequencer.ts";
import { outboxLink } from "../modules/operations/outbox.ts";
import { offerSetUp } from "../modules/tenancy/set-up/service.ts";
import { keepChecking } from "../modules/trust/runs/schedule.ts";
import { projectFolder } from "../project.ts";
import { fillDemo } from "./demo-companies.ts";

/** `serve`: everything in one process, until it is told to stop. */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const read = readConfig(process.env, join(projectFolder, "var"));
  if ("problems" in read)
    throw startupError(describe(read.problems), "Correct these variables and start again.");
  const { config } = read;
  const log = openLog(process.env.LOG_LEVEL ? config.logLevel : "warn");
  const life = lifetime({ log });
  const progress = progressLine();
  const instance = await startInstance({ config, log, env: process.env, progress: progress.show });
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
  life.onStop("audit log", keepSequencing(instance.system));
  life.onStop("checks", keepChecking(instance.system));
  life.onStop("sweep", keepSweeping(instance.system));
  life.onStop("bins", keepTidying(instance.system));
  life.onStop("indexes", keepIndexesTidy(instance.system));
  life.onStop("forgetting", keepForgetting(instance.system));
  life.onStop("keys", keepWarning(instance.system));
  await life.stopped;
  return 0;
}

async function announce(instance: Instance, ms: number): Promise<void> {
  const { system, postgres } = instance;
  const token = await offerSetUp(system);
  const outbox = outboxLink(system);
  const base = system.origin.current;
  const lines = [
    `Vouchsafe ${system.version} is ready after ${(ms / 1000).toFixed(1)} s: ${base}`,
    ...(token
      ? [
          "",
          "Set it up with this link. It works once, and nobody becomes the first owner without it:",
          `  ${base}/set-up#${token}`,
        ]
      : []),
    ...(outbox
      ? [
          "",
          "No mail server is set (SMTP_URL). Mails wait here, for whoever has this link:",
          `  ${base}${outbox}`,
        ]
      : []),
    "",
    system.masterKeySource === "file"
      ? `Master key: ${join(system.config.home, "secrets", "master.key")} (mode 0600, apart from the data). Copy it to a safe place: without it nothing can be read.`
      : "Master key: from the environment.",
    postgres
      ? `Database: built in, for one machine and evaluation. Data: ${system.config.home}`
      : "Database: DATABASE_URL.",
    "Stop with Ctrl-C.",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function describe(problems: readonly ConfigProblem[]): string {
  return `Some settings cannot be used:\n${problems.map((p) => `  ${p.variable} ${p.problem}`).join("\n")}`;
}

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

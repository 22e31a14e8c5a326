import { join } from "node:path";
import { type Config, type ConfigProblem, readConfig } from "../kernel/config.ts";
import { copyIn, keepToItself } from "../kernel/copy.ts";
import { startupError } from "../kernel/home.ts";
import { keepCookiesApart } from "../kernel/routes/cookies.ts";
import { projectFolder } from "../project.ts";

/** The settings of the environment. Throws a StartupError that names every problem. */
export function readSettings(): Config {
  const copy = copyIn(process.env.VOUCHSAFE_HOME || join(projectFolder, "var"));
  // From the process itself: others read them there, too.
  if (copy) {
    keepToItself(process.env, copy);
    keepCookiesApart(copy.taken);
  }
  const read = readConfig(process.env, join(projectFolder, "var"));
  if ("problems" in read)
    throw startupError(describe(read.problems), "Correct these variables and start again.");
  return read.config;
}

function describe(problems: readonly ConfigProblem[]): string {
  return `Some settings cannot be used:\n${problems.map((p) => `  ${p.variable} ${p.problem}`).join("\n")}`;
}

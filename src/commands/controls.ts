import { allControls } from "../controls.ts";
import { runControls } from "../modules/trust/controls/run.ts";
import { version } from "../project.ts";
import { onStage } from "./on-stage.ts";

/** `controls [--json] [id …]`: every claim of the catalogue. Exit code 1 when one is broken. */
export async function run(args: readonly string[]): Promise<number> {
  const json = args.includes("--json");
  const only = args.filter((a) => !a.startsWith("--"));
  const progress = (id: string, result: string) => {
    if (!json || process.stderr.isTTY) process.stderr.write(`${result.padEnd(8)} ${id}\n`);
  };
  const results = await onStage(
    (stage) => runControls(stage, allControls, version, { progress }),
    only.length > 0 ? { only } : {},
  );
  const count = (result: string) => results.filter((r) => r.result === result).length;
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else
    process.stdout.write(
      `${count("held")} held, ${count("broken")} broken, ${count("not-run")} not run, of ${results.length} claims.\n`,
    );
  return count("broken") === 0 ? 0 : 1;
}

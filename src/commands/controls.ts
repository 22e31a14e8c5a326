import { readFile } from "node:fs/promises";
import { allControls } from "../controls.ts";
import { type ControlResult, runControls } from "../modules/trust/controls/run.ts";
import type { Aim, Stage } from "../modules/trust/stage/stage.ts";
import { version } from "../project.ts";
import { HAND, lendAHand, runTogether } from "./controls-together.ts";
import { type Copy, endWithParent, onStage } from "./on-stage.ts";

/**
 * `controls [--json] [--two] [id[/part] …]`: every claim of the catalogue, with `--two` on two instances at once. Exit
 * code 1 when one is broken. `falsify` asks for less: `--copy FILE` enters a stage that was set before, `--operation "METHOD /path"` is all that the attacker plays,
 * and with `--until-broken` nothing of a claim is looked at after the first that was found broken.
 */
export async function run(args: readonly string[]): Promise<number> {
  if (args.includes("--with-parent")) endWithParent();
  const { only, aim, copy, json } = readArguments(args);
  if (args.includes(HAND)) return lendAHand(only.length > 0 ? only : null);
  const progress = (id: string, result: string) => {
    if (!json || process.stderr.isTTY) process.stderr.write(`${result.padEnd(8)} ${id}\n`);
  };
  if (args.includes("--two")) {
    const results = await runTogether(only.length > 0 ? only : null, progress);
    await print(results, json);
    return exitCode(results);
  }
  const results = await onStage((stage: Stage) => runControls(stage, allControls, version, { progress }), {
    ...(only.length > 0 ? { only } : {}),
    aim,
    copy: copy ? (JSON.parse(await readFile(copy, "utf8")) as Copy) : null, // of falsify's own making
  });
  await print(results, json);
  const code = exitCode(results);
  // What was entered is somebody else's to clean up, and they are waiting.
  if (copy) process.exit(code);
  return code;
}

const exitCode = (results: readonly ControlResult[]): number =>
  results.some(({ result }) => result === "broken") ? 1 : 0;

function readArguments(args: readonly string[]) {
  const only: string[] = [];
  const operations: string[] = [];
  let copy: string | null = null;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--copy") copy = rest.shift() ?? null;
    else if (word === "--operation") operations.push(rest.shift() ?? "");
    else if (!word.startsWith("--")) only.push(word);
  }
  const aim: Aim = {
    ...(operations.length > 0 ? { operations } : {}),
    ...(args.includes("--until-broken") ? { untilBroken: true } : {}),
    ...(args.includes("--until-broken") && copy ? { atOnce: true } : {}),
  };
  return { only, aim, copy, json: args.includes("--json") };
}

function print(results: readonly ControlResult[], json: boolean): Promise<void> {
  const count = (result: string) => results.filter((r) => r.result === result).length;
  const words = `${count("held")} held, ${count("broken")} broken, ${count("not-run")} not run, of ${results.length} claims.`;
  const text = json ? JSON.stringify(results, null, 2) : [...results.flatMap(whyBroken), words].join("\n");
  return new Promise((done) => void process.stdout.write(`${text}\n`, () => done()));
}

/** Whoever reads that a control is broken wants to know where it is, without a second run. */
const whyBroken = ({ id, result, evidence }: ControlResult): string[] =>
  result !== "broken"
    ? []
    : evidence
        .filter(({ verdict }) => verdict !== "held")
        .map(
          ({ verdict, what, who, got }) =>
            `${id}: ${verdict}: ${[what, who, got].filter(Boolean).join("; ")}`,
        );

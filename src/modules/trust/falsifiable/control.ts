import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Defence } from "../../../defences/defence.ts";
import { defences } from "../../../defences.ts";
import type { Control, Finding } from "../../../kernel/controls.ts";
import { projectFolder } from "../../../project.ts";
import { ATTACK } from "../controls/run.ts";
import { finding } from "../stage/finding.ts";
import { inPieces, nothing } from "../stage/pieces.ts";
import type { Stage } from "../stage/stage.ts";
import { dummies, rotten } from "./dummies.ts";
import { problemOf } from "./source-copy.ts";

const ID = "trust.falsifiable";
const A_DAY = 1;
const DAY_MS = 86_400_000;
const LONGEST_MS = 300_000;

/** CI removes one defence of each claim, in turn (`falsify --one-each`). Here: that the list is whole and not rotten, and that the removing itself tells. */
export const falsifiableControls: readonly Control<Stage>[] = [
  {
    id: ID,
    kind: "tested",
    removed: "the question whether a check could run at all before its red counts as noticed",
    ...inPieces(nothing, { removals: someRemovals, list: everyText, claims: everyClaim }, (counts) => ({
      summary: `${defences.length} defences, ${counts.removals} removals tried`,
    })),
  },
];

/** A claim that is tested has a defence that can be removed. */
async function everyClaim(): Promise<Finding[]> {
  // Not at the top: this control is in that list.
  const { allControls } = await import("../../../controls.ts");
  return allControls
    .filter(({ kind }) => kind === "tested")
    .map(({ id }) => {
      const own = defences.filter(({ claim }) => claim === id).length;
      return finding(own > 0, id, "the list of defences", `${own} defences`);
    });
}

/** Each defence stands where the list says; one that stands nowhere would be seen. */
async function everyText(): Promise<Finding[]> {
  const problem = async (defence: Defence): Promise<string | null> =>
    problemOf(defence, await readFile(join(projectFolder, defence.file), "utf8").catch(() => ""));
  const problems = await Promise.all(
    defences.map(async (defence) => ({ ...defence, problem: await problem(defence) })),
  );
  const gone = problems.filter((one) => one.problem !== null);
  const seen = await problem(rotten);
  return [
    ...gone.map(({ words, claim, file, problem: why }) => finding(false, words, claim, `${file}: ${why}`)),
    finding(
      gone.length === 0,
      "every defence",
      "the source",
      `${gone.length} of ${defences.length} not there`,
    ),
    finding(seen !== null, rotten.words, "the source", seen ?? "taken for one that can be removed"),
  ];
}

/** Some of the real ones, each day others, and some that nobody may notice. */
async function someRemovals({ server }: Stage): Promise<Finding[]> {
  const real = ofTheDay(Math.floor(server.system.clock().getTime() / DAY_MS));
  const { defences: tried, unnoticed } = await falsify([...real, ...dummies]);
  const isNoticed = ({ words }: Defence) => !unnoticed.some(({ defence }) => defence === words);
  const said = ({ words }: Defence) => unnoticed.find(({ defence }) => defence === words)?.got ?? "noticed";
  return [
    finding(
      tried === real.length + dummies.length,
      "removals",
      "a copy of the source",
      `${tried} tried of ${real.length + dummies.length}`,
    ),
    ...real.map((one) => finding(isNoticed(one), `without: ${one.words}`, one.claim, said(one))),
    ...dummies.map((one) => finding(!isNoticed(one), one.words, "a copy of the source", said(one))),
  ];
}

// What they measure can be red by itself while the machine is busy: that says nothing of the removing.
const TIMED = ["time", "time-of-resets"];

/** Of those that are quickly tried. None of this claim's own: they would begin this check anew, without end. */
function ofTheDay(day: number): Defence[] {
  const quick = defences.filter(
    ({ claim, part, file, anew }) =>
      claim !== ID &&
      part !== undefined &&
      part !== ATTACK &&
      !TIMED.includes(part) &&
      !anew &&
      !file.startsWith("db/"),
  );
  return Array.from({ length: A_DAY }, (_, i) => quick[(day * A_DAY + i) % quick.length]).filter(
    (one) => one !== undefined,
  );
}

interface Printed {
  readonly defences: number;
  readonly unnoticed: readonly { readonly defence: string; readonly got: string }[];
}

async function falsify(list: readonly Defence[]): Promise<Printed> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-removals-"));
  try {
    const file = join(folder, "defences.json");
    await writeFile(file, JSON.stringify(list));
    return JSON.parse(await printed(["falsify", "--json", "--with-parent", "--list", file])) as Printed; // of our own command
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function printed(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectFolder, "src/main.ts"), ...args], {
      cwd: projectFolder,
      env: { PATH: process.env.PATH ?? "", TMPDIR: process.env.TMPDIR ?? "" },
      stdio: ["pipe", "pipe", "ignore"],
      timeout: LONGEST_MS,
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

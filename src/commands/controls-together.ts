import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { allControls } from "../controls.ts";
import { resultOf } from "../kernel/controls.ts";
import {
  type ControlResult,
  notCarriedOut,
  resultsOf,
  type Seen,
  type Step,
  stepsOf,
  type Taken,
  takeLook,
  taken,
} from "../modules/trust/controls/run.ts";
import type { Stage } from "../modules/trust/stage/stage.ts";
import { projectFolder, version } from "../project.ts";
import { onStage } from "./on-stage.ts";

// Two stages side by side: what destroys one has it to itself; everything else is taken by whichever is free.

/** Every control, or those that are asked for, on two instances at once; the results are as if one after the other. */
export async function runTogether(
  only: readonly string[] | null,
  progress: (id: string, result: string) => void,
): Promise<ControlResult[]> {
  const steps = stepsOf(allControls, { only, aim: {} });
  const seen = new Map<Step, Seen>();
  const queue = steps.filter(({ after }) => after === 0);
  const work = async (mine: Step[]) => {
    if (mine.length === 0) return;
    const hand = openHand(only ?? []);
    try {
      for (let step = mine.shift(); step; step = mine.shift()) {
        const found = await hand.look(steps.indexOf(step));
        if (!found) return; // It died at it; what it had not begun is left to the other.
        seen.set(step, found);
        const of = steps.filter(({ control }) => control === step.control);
        if (of.every((one) => seen.has(one))) progress(step.control.id, resultOf(sum(of, seen).outcome));
      }
    } finally {
      await hand.close();
    }
  };
  await Promise.all([
    work(queue),
    // What takes longest is begun first; after it that stage is of no more use.
    work(steps.filter(({ after }) => after > 0)).then(() => work(queue)),
  ]);
  const looks = new Map<string, Taken>();
  for (const { control } of steps)
    looks.set(
      control.id,
      sum(
        steps.filter((step) => step.control === control),
        seen,
      ),
    );
  return resultsOf(looks, only, version);
}

function sum(steps: readonly Step[], seen: ReadonlyMap<Step, Seen>): Taken {
  const looks = steps.map((step) => [step, seen.get(step) ?? notSeen()] as const);
  const whole = looks.reduce<Taken | undefined>(
    (sofar, [step, found]) => taken(sofar, step, found),
    undefined,
  );
  if (!whole) throw new Error("a control without a look");
  return whole;
}

const notSeen = (): Seen => ({
  outcome: notCarriedOut(new Error("the process that was at it died")),
  at: new Date().toISOString(),
  ms: 0,
});

interface Hand {
  /** Null when it has died. */
  look(step: number): Promise<Seen | null>;
  close(): Promise<void>;
}

/** Another process with a stage of its own. */
function openHand(only: readonly string[]): Hand {
  const child: ChildProcess = fork(join(projectFolder, "src/main.ts"), ["controls", HAND, ...only], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let answer: (seen: Seen | null) => void = () => {};
  let isGone = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      isGone = true;
      answer(null);
      resolve();
    };
    child.once("exit", end).once("error", end);
  });
  child.on("message", (message) => answer(message as Seen)); // what `lendAHand` sends
  return {
    look: (step) =>
      new Promise((resolve) => {
        answer = resolve;
        if (isGone || !child.connected) resolve(null);
        else child.send(step);
      }),
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

export const HAND = "--hand";

/** The other side: sets a stage, takes the looks that it is told to, and ends when it is told no more. */
export async function lendAHand(only: readonly string[] | null): Promise<number> {
  const waiting: number[] = [];
  let wake = () => {};
  let isOver = false;
  process.on("message", (step) => {
    waiting.push(step as number); // what `openHand` sends
    wake();
  });
  process.on("disconnect", () => {
    isOver = true;
    wake();
  });
  const steps = stepsOf(allControls, { only, aim: {} });
  const look = async (stage: Stage) => {
    while (!isOver || waiting.length > 0) {
      const step = steps[waiting.shift() ?? -1];
      if (step) {
        const seen = await takeLook(stage, step);
        if (process.connected) process.send?.(seen);
      } else if (!isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  };
  await onStage(look, only ? { only } : {});
  return 0;
}

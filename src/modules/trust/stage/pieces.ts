import { type Control, type Finding, type Look, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import type { Stage } from "./stage.ts";

export type Piece<S> = (stage: Stage, scene: S) => Promise<readonly Finding[]>;

/** How a scene is kept as plain data, and entered on a copy of the installation on which it was set. */
export interface Keeping<S, K> {
  readonly id: string;
  keep(scene: S): K;
  enter(stage: Stage, kept: K): S;
}

/**
 * A check in pieces that look at one scene. As a whole it sets the scene anew; pieces that are run by themselves on one
 * stage share theirs, set by the first of them.
 */
export function inPieces<S, N extends string, K>(
  set: (stage: Stage) => Promise<S>,
  pieces: Readonly<Record<N, Piece<S>>>,
  inWords: (
    counts: Readonly<Record<string, number>>,
    scene: S,
  ) => Partial<Outcome> & { readonly summary: string },
  keeping?: Keeping<S, K>,
): Pick<Control<Stage>, "check" | "keepScene"> & { readonly parts: Readonly<Record<N, Look<Stage>>> } {
  const scenes = new WeakMap<Stage, Promise<S>>();
  const entered = (stage: Stage): Promise<S> | null => {
    const kept = keeping && stage.scenes.get(keeping.id);
    // What `keepScene` of this one has answered.
    return keeping && kept !== undefined ? Promise.resolve(keeping.enter(stage, kept as K)) : null;
  };
  const sceneOn = (stage: Stage): Promise<S> => {
    const scene = scenes.get(stage) ?? entered(stage) ?? set(stage);
    scenes.set(stage, scene);
    return scene;
  };
  const named = Object.entries<Piece<S>>(pieces);
  return {
    async check(stage) {
      const scene = await set(stage);
      const findings: Finding[] = [];
      const counts: Record<string, number> = {};
      for (const [name, piece] of named) {
        const found = await piece(stage, scene).catch((error: Error) => {
          // What was found broken before can keep the next piece from its work.
          if (findings.every(({ verdict }) => verdict === "held")) throw error;
          return [];
        });
        counts[name] = found.length;
        findings.push(...found);
      }
      const { summary, ...more } = inWords(counts, scene);
      return { ...outcomeOf(findings, summary), ...more };
    },
    parts: Object.fromEntries(
      named.map(([name, piece]) => [
        name,
        async (stage: Stage) => outcomeOf(await piece(stage, await sceneOn(stage)), name),
      ]),
    ) as Record<N, Look<Stage>>, // one for each piece
    ...(keeping && { keepScene: async (stage: Stage) => keeping.keep(await set(stage)) }),
  };
}

/** For checks whose pieces need no scene beside the stage. */
export const nothing = async (): Promise<void> => {};

export const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

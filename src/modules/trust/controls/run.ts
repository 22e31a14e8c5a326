import {
  type Control,
  type Finding,
  type Look,
  type Outcome,
  resultOf,
  together,
} from "../../../kernel/controls.ts";
import { type Claim, catalogue } from "../catalogue.ts";
import { untilBroken } from "../stage/finding.ts";
import { type Aim, partsWanted, type Stage } from "../stage/stage.ts";

/** What `controls --json` prints for each claim of the catalogue, in its order. */
export interface ControlResult {
  readonly id: string;
  readonly claim: string;
  readonly kind: "tested" | "attested" | "not-done";
  readonly result: "held" | "broken" | "stale" | "not-run";
  readonly subjects: number;
  /** On how many routes it was tried; 0 where it was not routes. */
  readonly routes: number;
  readonly evidence: readonly Finding[];
  readonly summary: string;
  readonly removed: string | null;
  readonly couldBeWrong: string | null;
  readonly at: string;
  readonly version: string;
  readonly ms: number;
}

// Enough to show what was tried; the rest is in the count.
const MOST_EVIDENCE = 12;

/** Runs every control on a stage, one after the other, and answers one result per claim of the catalogue. */
export async function runControls(
  stage: Stage,
  controls: readonly Control<Stage>[],
  version: string,
  options: { progress?: (id: string, result: string) => void } = {},
): Promise<ControlResult[]> {
  const steps = stepsOf(controls, stage);
  const looks = new Map<string, Taken>();
  for (const [at, step] of steps.entries()) {
    const { id } = step.control;
    const before = looks.get(id);
    // What is broken already is not attacked as well: it would not get redder.
    const look =
      before && isSettled(before, stage.aim) ? before : taken(before, step, await takeLook(stage, step));
    looks.set(id, look);
    const isDone = !steps.slice(at + 1).some(({ control }) => control.id === id);
    if (isDone) options.progress?.(id, resultOf(look.outcome));
  }
  return resultsOf(looks, stage.only, version);
}

/** One result for each claim of the catalogue, or of those that were asked for, in its order. */
export function resultsOf(
  looks: ReadonlyMap<string, Taken>,
  only: readonly string[] | null,
  version: string,
): ControlResult[] {
  const now = new Date().toISOString();
  return catalogue
    .filter(({ id }) => partsWanted(only, id).length > 0)
    .map((claim) => {
      const look = looks.get(claim.id);
      return resultFor(claim, look ?? null, look?.at ?? now, version);
    });
}

/** One look of a control. Those with `after` destroy what others need: they come last, or on a stage of their own. */
export interface Step {
  readonly control: Control<Stage>;
  readonly look: Look<Stage>;
  readonly after: 0 | 1 | 2;
}

/** What was found in one look. */
export interface Seen {
  readonly outcome: Outcome;
  readonly at: string;
  readonly ms: number;
}

export interface Taken extends Seen {
  readonly control: Control<Stage>;
}

/**
 * Every look in its order: what destroys the stage comes after everything else; part by part where not the whole check
 * is wanted. Throws where a control is not declared as the catalogue has it.
 */
export function stepsOf(
  controls: readonly Control<Stage>[],
  { only, aim }: Pick<Stage, "only" | "aim">,
): Step[] {
  for (const control of controls) {
    const claim = catalogue.find((c) => c.id === control.id);
    if (!claim) throw new Error(`${control.id} is not in the catalogue`);
    if (claim.kind !== control.kind) throw new Error(`${control.id} is ${claim.kind} in the catalogue`);
    if (controls.some((other) => other !== control && other.id === control.id))
      throw new Error(`${control.id} is declared twice`);
  }
  const chosen = catalogue.flatMap(({ id }) => controls.filter((control) => control.id === id));
  return chosen
    .flatMap((control) => looksOf(control, partsWanted(only, control.id), aim))
    .toSorted((one, other) => one.after - other.after);
}

function looksOf(control: Control<Stage>, wanted: "all" | readonly string[], aim: Aim): Step[] {
  if (wanted.length === 0) return [];
  const { id, check, parts, last, lastly } = control;
  const isWhole = wanted === "all" && !aim.untilBroken;
  const pieces = parts && !isWhole ? Object.entries(parts) : [["", check] as const];
  const looks = [
    ...pieces.map(([name, look]) => ({ name: last ? ATTACK : name, look, after: last ? 1 : 0 }) as const),
    ...(lastly ? [{ name: ATTACK, look: lastly, after: 2 } as const] : []),
  ];
  const unknown = wanted === "all" ? [] : wanted.filter((name) => !looks.some((look) => look.name === name));
  if (unknown.length > 0) throw new Error(`${id} has no part ${unknown.join(", ")}`);
  return looks
    .filter(({ name }) => wanted === "all" || wanted.includes(name))
    .map(({ look, after }) => ({ control, look, after }));
}

/** The part of a claim's check that is the attacker's. */
export const ATTACK = "attack";

/** A part that could not be carried out says nothing of the next one. */
function isSettled({ outcome }: Taken, { untilBroken }: Aim): boolean {
  return untilBroken ? outcome.findings.some(isSeen) : resultOf(outcome) === "broken";
}

/** What was found, added to what its control found before. */
export function taken(before: Taken | undefined, { control }: Step, seen: Seen): Taken {
  if (!before) return { control, ...seen };
  const { at, ms, outcome } = before;
  return { control, at, ms: ms + seen.ms, outcome: together(outcome, seen.outcome) };
}

const ITSELF = "the check itself";

/** Something that a check saw broken, not its own failure to run. */
export const isSeen = ({ verdict, what }: Finding): boolean => verdict === "broken" && what !== ITSELF;

/** Carries one step out. */
export async function takeLook(stage: Stage, { look }: Pick<Step, "look">): Promise<Seen> {
  const at = new Date().toISOString();
  const started = performance.now();
  const outcome = await (stage.aim.atOnce ? untilBroken(look) : look)(stage).catch(notCarriedOut);
  return { outcome, at, ms: performance.now() - started };
}

// A check that fails to run has not held: what it would have found is unknown, so the claim is broken until it runs.
export const notCarriedOut = (error: Error): Outcome => ({
  subjects: 1,
  findings: [{ verdict: "broken", what: ITSELF, who: "", got: error.message.slice(0, 300) }],
  summary: "The check could not be carried out",
});

function resultFor(claim: Claim, look: Taken | null, at: string, version: string): ControlResult {
  const { id, words, couldBeWrong } = claim;
  if (!look) {
    return {
      id,
      claim: words,
      kind: "not-done",
      result: "not-run",
      subjects: 0,
      routes: 0,
      evidence: [],
      summary: "Not built yet",
      removed: null,
      couldBeWrong: null,
      at,
      version,
      ms: 0,
    };
  }
  const { control, outcome, ms } = look;
  // What is broken comes first: behind a dozen that could not be judged nobody would see it.
  const of = (verdict: Finding["verdict"]) => outcome.findings.filter((f) => f.verdict === verdict);
  return {
    id,
    claim: words,
    kind: outcome.subjects === 0 ? "not-done" : control.kind,
    result: resultOf(outcome),
    subjects: outcome.subjects,
    routes: outcome.routes ?? 0,
    evidence: [...of("broken"), ...of("inconclusive"), ...of("held")].slice(0, MOST_EVIDENCE),
    summary: outcome.summary,
    removed: control.removed,
    couldBeWrong,
    at,
    version,
    ms: Math.round(ms),
  };
}

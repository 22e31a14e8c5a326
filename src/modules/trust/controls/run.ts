import { type Control, type Finding, type Outcome, resultOf, together } from "../../../kernel/controls.ts";
import { type Claim, catalogue } from "../catalogue.ts";
import type { Stage } from "../stage/stage.ts";

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
  for (const control of controls) {
    const claim = catalogue.find((c) => c.id === control.id);
    if (!claim) throw new Error(`${control.id} is not in the catalogue`);
    if (claim.kind !== control.kind) throw new Error(`${control.id} is ${claim.kind} in the catalogue`);
    if (controls.some((other) => other !== control && other.id === control.id))
      throw new Error(`${control.id} is declared twice`);
  }
  const wanted = catalogue.filter((claim) => stage.only?.includes(claim.id) ?? true);
  const chosen = wanted.flatMap((claim) => controls.filter((control) => control.id === claim.id));
  const steps: Step[] = [
    ...chosen.filter(({ last }) => !last).map((control) => ({ control, look: control.check })),
    ...chosen.filter(({ last }) => last).map((control) => ({ control, look: control.check })),
    ...chosen.flatMap((control) => (control.lastly ? [{ control, look: control.lastly }] : [])),
  ];
  const looks = new Map<string, Look>();
  for (const [at, step] of steps.entries()) {
    const { id } = step.control;
    const before = looks.get(id);
    // What is broken already is not attacked as well: it would not get redder.
    const isSettled = before !== undefined && resultOf(before.outcome) === "broken";
    const look = isSettled ? before : await takeLook(stage, step, before);
    looks.set(id, look);
    const isDone = !steps.slice(at + 1).some(({ control }) => control.id === id);
    if (isDone) options.progress?.(id, resultOf(look.outcome));
  }
  const now = new Date().toISOString();
  return wanted.map((claim) => {
    const look = looks.get(claim.id);
    return resultFor(claim, look ?? null, look?.at ?? now, version);
  });
}

type Step = { control: Control<Stage>; look: Control<Stage>["check"] };
type Look = { control: Control<Stage>; outcome: Outcome; at: string; ms: number };

/** Carries one step out and adds what it found to what its control found before. */
async function takeLook(stage: Stage, { control, look }: Step, before: Look | undefined): Promise<Look> {
  const at = before?.at ?? new Date().toISOString();
  const started = performance.now();
  // A check that fails to run has not held: what it would have found is unknown, so the claim is broken until it runs.
  const outcome = await look(stage).catch(
    (error: Error): Outcome => ({
      subjects: 1,
      findings: [
        { verdict: "broken" as const, what: "the check itself", who: "", got: error.message.slice(0, 300) },
      ],
      summary: "The check could not be carried out",
    }),
  );
  const ms = performance.now() - started + (before?.ms ?? 0);
  return { control, outcome: before ? together(before.outcome, outcome) : outcome, at, ms };
}

function resultFor(claim: Claim, look: Look | null, at: string, version: string): ControlResult {
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
  const bad = outcome.findings.filter((f) => f.verdict !== "held");
  const good = outcome.findings.filter((f) => f.verdict === "held");
  return {
    id,
    claim: words,
    kind: outcome.subjects === 0 ? "not-done" : control.kind,
    result: resultOf(outcome),
    subjects: outcome.subjects,
    routes: outcome.routes ?? 0,
    evidence: [...bad, ...good].slice(0, MOST_EVIDENCE),
    summary: outcome.summary,
    removed: control.removed,
    couldBeWrong,
    at,
    version,
    ms: Math.round(ms),
  };
}

import { type Control, type Finding, type Outcome, resultOf } from "../../../kernel/controls.ts";
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
  const results = new Map<string, ControlResult>();
  for (const control of controls) {
    const claim = catalogue.find((c) => c.id === control.id);
    if (!claim) throw new Error(`${control.id} is not in the catalogue`);
    if (claim.kind !== control.kind) throw new Error(`${control.id} is ${claim.kind} in the catalogue`);
    if (controls.some((other) => other !== control && other.id === control.id))
      throw new Error(`${control.id} is declared twice`);
  }
  const wanted = catalogue.filter((claim) => stage.only?.includes(claim.id) ?? true);
  const isLast = (id: string) => controls.find((c) => c.id === id)?.last === true;
  for (const claim of [...wanted.filter((c) => !isLast(c.id)), ...wanted.filter((c) => isLast(c.id))]) {
    const control = controls.find((c) => c.id === claim.id);
    const at = new Date().toISOString();
    if (!control) {
      results.set(claim.id, {
        id: claim.id,
        claim: claim.words,
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
      });
      continue;
    }
    const result = await runOne(stage, control, claim, at, version);
    options.progress?.(result.id, result.result);
    results.set(result.id, result);
  }
  return wanted.flatMap((claim) => results.get(claim.id) ?? []);
}

async function runOne(
  stage: Stage,
  control: Control<Stage>,
  claim: Claim,
  at: string,
  version: string,
): Promise<ControlResult> {
  const started = performance.now();
  // A check that fails to run has not held: what it would have found is unknown, so the claim is broken until it runs.
  const outcome = await control.check(stage).catch(
    (error: Error): Outcome => ({
      subjects: 1,
      findings: [
        { verdict: "broken" as const, what: "the check itself", who: "", got: error.message.slice(0, 300) },
      ],
      summary: "The check could not be carried out",
    }),
  );
  const result = resultOf(outcome);
  const bad = outcome.findings.filter((f) => f.verdict !== "held");
  const good = outcome.findings.filter((f) => f.verdict === "held");
  return {
    id: control.id,
    claim: claim.words,
    kind: outcome.subjects === 0 ? "not-done" : control.kind,
    result,
    subjects: outcome.subjects,
    routes: outcome.routes ?? 0,
    evidence: [...bad, ...good].slice(0, MOST_EVIDENCE),
    summary: outcome.summary,
    removed: control.removed,
    couldBeWrong: claim.couldBeWrong,
    at,
    version,
    ms: Math.round(performance.now() - started),
  };
}

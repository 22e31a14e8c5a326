/** What a control found: how many subjects it looked at, and lines that a reader can follow. */
export interface Finding {
  readonly verdict: "held" | "broken" | "inconclusive";
  /** What was tried, such as `GET /documents/:id`. */
  readonly what: string;
  readonly who: string;
  /** What came of it, such as `404`. */
  readonly got: string;
}

export interface Outcome {
  /** 0 means that there was nothing to check: then the control is not done, never held. */
  readonly subjects: number;
  readonly findings: readonly Finding[];
  readonly summary: string;
  /** On how many routes it was tried, where it was routes. */
  readonly routes?: number;
}

/** A check of one promise of the catalogue. `T` is the stage it runs on: an instance with two tenants. */
export interface Control<T> {
  /** From the catalogue of claims. */
  readonly id: string;
  readonly kind: "tested" | "attested";
  /** Which defence was removed to see this control turn red. */
  readonly removed: string;
  /** It destroys what other checks need, so it comes last. */
  readonly last?: true;
  readonly check: Look<T>;
  /** The same check in pieces: each runs by itself on a fresh stage, so that one of them can be asked for alone. */
  readonly parts?: Parts<T>;
  /** More findings on the same promise, from what destroys what other checks need. */
  readonly lastly?: Look<T>;
  /** Sets what the pieces look at, and answers it as plain data: for a stage that is copied, and entered on its copies. */
  readonly keepScene?: (stage: T) => Promise<unknown>;
}

export type Look<T> = (stage: T) => Promise<Outcome>;

/** Pieces of a check by name, in the order in which they are run. */
export type Parts<T> = Readonly<Record<string, Look<T>>>;

/** Sums findings up. Held only when something was checked and everything held. */
export function outcomeOf(
  findings: readonly Finding[],
  summary: string,
  subjects = findings.length,
): Outcome {
  return { subjects, findings, summary };
}

/** Two looks at one promise as one. */
export function together(one: Outcome, other: Outcome): Outcome {
  const routes = other.routes ?? one.routes;
  return {
    subjects: one.subjects + other.subjects,
    findings: [...one.findings, ...other.findings],
    summary: `${one.summary}; ${other.summary}`,
    ...(routes !== undefined && { routes }),
  };
}

export function resultOf(outcome: Outcome): "held" | "broken" | "not-run" {
  if (outcome.findings.some((f) => f.verdict === "broken")) return "broken";
  if (outcome.subjects === 0 || outcome.findings.some((f) => f.verdict === "inconclusive")) return "not-run";
  return "held";
}

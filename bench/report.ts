/** What every benchmark prints: one figure against its bound, how it came about, and what it is held against. */
export interface Report {
  readonly name: string;
  /** The figure that `ratio` is held to, and from which side. */
  readonly bound: { readonly at: "least" | "most"; readonly value: number };
  readonly ratio: number;
  readonly met: boolean;
  /** What stands on the other side of the ratio, in words. */
  readonly baseline: string;
  readonly [figure: string]: unknown;
}

/** Fills in whether the bound was met. */
export function report(
  name: string,
  bound: Report["bound"],
  ratio: number,
  baseline: string,
  figures: Readonly<Record<string, unknown>>,
): Report {
  const met = bound.at === "least" ? ratio >= bound.value : ratio <= bound.value;
  return { name, bound, ratio: rounded(ratio, 3), met, ...figures, baseline };
}

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Median with the lowest and the highest: the machine may be busy with other things. */
export function spread(values: readonly number[], digits = 2): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: rounded(quantile(sorted, 0.5), digits),
    least: rounded(sorted[0] ?? Number.NaN, digits),
    most: rounded(sorted.at(-1) ?? Number.NaN, digits),
  };
}

/** Of sorted values, between the two nearest. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

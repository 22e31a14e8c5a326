/**
 * The length of a passage, in ranked words, as one of 256 classes: exact below 32, then 16 classes to each doubling.
 * A byte is enough for ranking, and lets a query work out BM25's share of the length once for each class.
 */
export function lengthClass(length: number): number {
  if (length < 16) return length;
  const shift = Math.floor(Math.log2(length)) - 4;
  return Math.min(255, 16 * (shift + 1) + (Math.floor(length / 2 ** shift) - 16));
}

/** The shortest length of a class. */
export const classLengths: Float64Array = Float64Array.from({ length: 256 }, (_, c) =>
  c < 16 ? c : (16 + (c % 16)) * 2 ** (Math.floor(c / 16) - 1),
);

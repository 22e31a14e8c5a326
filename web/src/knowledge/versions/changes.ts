import type { Comparison } from "../../api/types.ts";

export type Line = Comparison["items"][number];
/** Lines of one kind that follow each other; `change`: the number of the change it belongs to, from 0. */
export type Run = { kind: Line["kind"]; lines: Line[]; change: number | null; at: number };

/** Removed and added, as they follow each other, make one change. */
export function runsOf(lines: Line[]): Run[] {
  const runs: Run[] = [];
  let change = -1;
  for (const [at, line] of lines.entries()) {
    const last = runs.at(-1);
    if (last?.kind === line.kind) {
      last.lines.push(line);
      continue;
    }
    if (line.kind !== "same" && (!last || last.kind === "same")) change += 1;
    runs.push({ kind: line.kind, lines: [line], change: line.kind === "same" ? null : change, at });
  }
  return runs;
}

/** The lines that a run replaces, or is replaced by. */
export function otherOf(runs: Run[], index: number): Line[] {
  const run = runs[index];
  const other = [runs[index - 1], runs[index + 1]].find(
    (near) => near && near.change === run?.change && near.kind !== "same",
  );
  return other?.lines ?? [];
}

/** A line in up to three parts, of which the middle differs from the other line; one that is quite another differs as a whole. */
export function differing(text: string, other: string | undefined): [text: string, differs: boolean][] {
  if (other === undefined) return [[text, true]];
  const [words, others] = [text.split(/(?<=\s)/), other.split(/(?<=\s)/)];
  const most = Math.min(words.length, others.length);
  let head = 0;
  while (head < most && words[head] === others[head]) head++;
  let tail = 0;
  while (tail < most - head && words.at(-1 - tail) === others.at(-1 - tail)) tail++;
  if (head + tail < words.length * 0.3) return [[text, true]];
  const middle = words.slice(head, words.length - tail).join("");
  return [
    [words.slice(0, head).join(""), false],
    ...(middle ? [[middle, true] as [string, boolean]] : []),
    [words.slice(words.length - tail).join(""), false],
  ];
}

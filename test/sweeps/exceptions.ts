import { readFileSync } from "node:fs";

/**
 * How many exceptions of each kind there are: test/sweeps/exceptions.json. A number there goes down when an exception
 * goes; that it goes up is a decision, made by whoever reviews the change of that file.
 */
export type ExceptionKind =
  | "publicBecause"
  | "unauditedBecause, reading"
  | "unauditedBecause, changing"
  | "unprobed"
  | "outside of the table"
  | "without tenant";

/** What the committed file allows, and what to say when it is another number. */
export function allowed(
  kind: ExceptionKind,
  found: readonly string[],
): readonly [count: number, words: string] {
  const counts = JSON.parse(readFileSync(new URL("exceptions.json", import.meta.url), "utf8")) as Record<
    ExceptionKind,
    number
  >;
  const count = counts[kind];
  const advice =
    found.length < count
      ? `there are fewer now: write ${found.length} into test/sweeps/exceptions.json`
      : "do without the new one, or have it reviewed in test/sweeps/exceptions.json";
  return [count, `${kind}: ${advice}\n${[...found].sort().join("\n")}`];
}

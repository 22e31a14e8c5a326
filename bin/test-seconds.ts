import { relative } from "node:path";

const SHOWN = 12;

interface Summary {
  readonly type: string;
  readonly data: { readonly file?: string; readonly duration_ms?: number };
}

/** A reporter for Node's test runner: which files took longest, so that it is seen where the time goes. */
export default async function* seconds(source: AsyncIterable<Summary>): AsyncGenerator<string> {
  const files: { file: string; ms: number }[] = [];
  for await (const { type, data } of source) {
    if (type === "test:summary" && data.file)
      files.push({ file: relative(process.cwd(), data.file), ms: data.duration_ms ?? 0 });
  }
  if (files.length < 2) return;
  files.sort((one, other) => other.ms - one.ms);
  const all = files.reduce((sum, { ms }) => sum + ms, 0);
  yield `\n${files.length} files, ${(all / 1000).toFixed(0)} s one after the other; the longest:\n`;
  for (const { file, ms } of files.slice(0, SHOWN))
    yield `${(ms / 1000).toFixed(1).padStart(7)} s  ${file}\n`;
}

import type { Block, Report } from "./blocks.ts";
import { readDocument } from "./formats.ts";
import type { Kind } from "./sniff.ts";

/** For tests of the readers: what one of them reports, read in this process, which nothing but a test may do. */
export async function readHere(
  kind: Kind,
  bytes: Uint8Array | string,
): Promise<{ kind: Kind; title: string | null; blocks: Block[] }> {
  const seen = { kind, title: null as string | null, blocks: [] as Block[] };
  const report: Report = {
    pages: () => {},
    pictures: () => {},
    title: (text) => {
      seen.title ??= text;
    },
    block: (block) => void seen.blocks.push(block),
  };
  await readDocument(kind, Buffer.from(bytes), report, (real) => {
    seen.kind = real;
  });
  return seen;
}

export const brief = (blocks: readonly Block[]): string[] =>
  blocks.map(({ kind, level, text }) => `${kind}${level ?? ""}: ${text}`);

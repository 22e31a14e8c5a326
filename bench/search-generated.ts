import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { findPassages, searchPassages } from "../src/modules/knowledge/service.ts";
import { type Installation, openInstallation } from "./installation.ts";
import { quantile, rounded } from "./report.ts";
import { indexBytes, openPlainSearch, type PlainSearch, vacuumIndex } from "./search-plain.ts";
import { openSearchWorkspace, type SearchWorkspace } from "./search-workspace.ts";
import { type Zipf, zipf } from "./zipf.ts";

export interface Bound {
  readonly what: string;
  readonly most: number;
  readonly ratio: number;
  readonly met: boolean;
}

export interface Measured {
  readonly bounds: Bound[];
  readonly figures: Readonly<Record<string, unknown>>;
}

const CHUNKS_PER_DOCUMENT = 10;
const WORDS = 110;
/** The most common words stand for what every engine leaves out. */
const STOP = 20;

/** One tenant of so many chunks. */
export async function measureOneTenant(chunks: number, queries: number): Promise<Measured> {
  return measured("one", async ({ system }, plain, url) => {
    const text = zipf(1);
    const workspace = await openSearchWorkspace(system, "one");
    const began = performance.now();
    await fill(workspace, plain, text, chunks, "a");
    const added = performance.now();
    await workspace.index(() => vacuumIndex(url));
    const indexed = performance.now();
    await plain.ready();
    await vacuumIndex(url);
    const times = await compare(plain, () => workspace, queriesOf(text, queries));
    const disk = await diskOf(plain, url);
    return {
      bounds: [
        bound(`p50, one tenant of ${chunks}`, 0.12, times.drawn?.p50ratio ?? Number.NaN),
        bound(`p95, one tenant of ${chunks}`, 0.2, times.drawn?.p95ratio ?? Number.NaN),
        bound("disk, one tenant", 1 / 3, disk.ratio),
      ],
      figures: {
        chunks,
        times,
        disk,
        seconds: { adding: rounded((added - began) / 1000), indexing: rounded((indexed - added) / 1000) },
      },
    };
  });
}

/** So many tenants of 300 chunks each. */
export async function measureManyTenants(tenants: number, queries: number): Promise<Measured> {
  return measured("many", async ({ system }, plain, url) => {
    const text = zipf(2);
    const workspaces: SearchWorkspace[] = [];
    for (let i = 0; i < tenants; i++) {
      const workspace = await openSearchWorkspace(system, `tenant-${i}`);
      await fill(workspace, plain, text, 300, `${i}`);
      await workspace.index();
      workspaces.push(workspace);
    }
    await plain.ready();
    await vacuumIndex(url);
    const memory: Record<string, unknown>[] = [];
    for (const [i, workspace] of workspaces.entries()) {
      await searchPassages(workspace.ctx(), text.draw(STOP), 10);
      if ([10, 100, 300, 1000, tenants].includes(i + 1)) memory.push({ tenants: i + 1, ...megabytes() });
    }
    const any = () => workspaces[Math.floor(text.random() * workspaces.length)] as SearchWorkspace; // there is one
    const times = await compare(plain, any, queriesOf(text, queries));
    const disk = await diskOf(plain, url);
    return {
      bounds: [
        bound(`p50, ${tenants} tenants of 300`, 0.8, times.drawn?.p50ratio ?? Number.NaN),
        bound(`p95, ${tenants} tenants of 300`, 0.9, times.drawn?.p95ratio ?? Number.NaN),
      ],
      figures: { tenants, times, disk, memory },
    };
  });
}

async function measured(
  tenants: "one" | "many",
  work: (installation: Installation, plain: PlainSearch, url: string) => Promise<Measured>,
): Promise<Measured> {
  const installation = await openInstallation({ durable: false });
  try {
    const url = installation.postgres.url("postgres", "vouchsafe");
    const plain = await openPlainSearch(url, tenants);
    const result = await work(installation, plain, url);
    await plain.drop();
    return result;
  } finally {
    await installation.close();
  }
}

async function fill(
  workspace: SearchWorkspace,
  plain: PlainSearch,
  text: Zipf,
  chunks: number,
  name: string,
): Promise<void> {
  for (let from = 0; from < chunks; from += 1000) {
    const count = Math.min(1000, chunks - from);
    const bodies = Array.from({ length: count }, () => text.text(WORDS + Math.floor(text.random() * 40) - 20));
    const titles = Array.from({ length: Math.ceil(count / CHUNKS_PER_DOCUMENT) }, () => text.text(4));
    const titleOf = (i: number) => titles[Math.floor(i / CHUNKS_PER_DOCUMENT)] ?? name;
    await workspace.add(
      titles.map((title, i) => ({
        name: title,
        language: "en",
        passages: bodies.slice(i * CHUNKS_PER_DOCUMENT, (i + 1) * CHUNKS_PER_DOCUMENT),
      })),
    );
    await plain.add(
      workspace.tenantId,
      bodies.map((body, i) => ({ id: from + i, title: titleOf(i), body })),
    );
  }
}

/** Queries by kind: as people draw them from the text, of common words, of rare ones, and whole sentences. */
function queriesOf(text: Zipf, count: number): Record<string, string[]> {
  const many = (words: number, one: () => string) =>
    Array.from({ length: count }, () => Array.from({ length: words }, one).join(" "));
  const between = (from: number, to: number) => text.word(from + Math.floor(text.random() * (to - from)));
  return {
    drawn: Array.from({ length: count }, (_, i) =>
      Array.from({ length: 2 + (i % 4) }, () => text.draw(STOP)).join(" "),
    ),
    common: many(4, () => between(STOP, 200)),
    rare: many(3, () => between(5_000, 40_000)),
    sentence: many(20, () => text.draw(STOP)).slice(0, Math.ceil(count / 4)),
  };
}

/** Each query on both sides, in turn; the first quarter of each kind is asked beforehand, to warm both. */
async function compare(plain: PlainSearch, any: () => SearchWorkspace, kinds: Record<string, string[]>) {
  const figures: Record<string, { p50ratio: number; p95ratio: number; product: unknown; postgres: unknown }> = {};
  for (const [kind, queries] of Object.entries(kinds)) {
    const [ours, theirs, snippets]: [number[], number[], number[]] = [[], [], []];
    const ask = async (q: string, counts: boolean) => {
      const workspace = any();
      const times: number[] = [];
      for (const work of [
        () => findPassages(workspace.ctx(), workspace.memberId, q, 10),
        () => plain.search(workspace.tenantId, q),
        () => searchPassages(workspace.ctx(), q, 10),
      ]) {
        const start = performance.now();
        await work();
        times.push(performance.now() - start);
      }
      if (!counts) return;
      ours.push(times[0] ?? 0);
      theirs.push(times[1] ?? 0);
      snippets.push(times[2] ?? 0);
    };
    for (const q of queries.slice(0, queries.length / 4)) await ask(q, false);
    for (const q of queries) await ask(q, true);
    const [product, postgres] = [percentiles(ours), percentiles(theirs)];
    figures[kind] = {
      p50ratio: rounded(product.p50 / postgres.p50, 3),
      p95ratio: rounded(product.p95 / postgres.p95, 3),
      product: { ...product, withSnippets: percentiles(snippets) },
      postgres,
    };
  }
  return figures;
}

async function diskOf(plain: PlainSearch, url: string) {
  const [product, postgres] = [await indexBytes(url), await plain.bytes()];
  return { product, postgres, ratio: rounded(product.bytes / postgres, 3) };
}

const bound = (what: string, most: number, ratio: number): Bound => ({
  what,
  most: rounded(most, 3),
  ratio: rounded(ratio, 3),
  met: ratio <= most,
});

export const percentiles = (all: readonly number[]) => {
  const sorted = [...all].sort((a, b) => a - b);
  return { p50: rounded(quantile(sorted, 0.5), 3), p95: rounded(quantile(sorted, 0.95), 3) };
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Of this process, which is the server, once the garbage is gone. */
function megabytes(): Record<string, number> {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: rounded(heapUsed / 1e6, 1), external: rounded(external / 1e6, 1), rss: rounded(rss / 1e6, 1) };
}

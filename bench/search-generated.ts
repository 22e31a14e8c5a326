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
  return measured(async ({ system }, plain, url) => {
    const text = zipf(1);
    const workspace = await openSearchWorkspace(system, "one");
    const began = performance.now();
    await fill(workspace, plain, text, chunks, "a");
    const added = performance.now();
    await workspace.index(() => vacuumIndex(url));
    const indexed = performance.now();
    await plain.ready();
    await vacuumIndex(url);
    const times = await compare(
      plain,
      queriesOf(text, queries, [{ workspace, words: text.text(20_000).split(/\W+/) }]),
    );
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
  return measured(async ({ system }, plain, url) => {
    const text = zipf(2);
    const asked: Asked[] = [];
    for (let i = 0; i < tenants; i++) {
      const workspace = await openSearchWorkspace(system, `tenant-${i}`);
      const words = (await fill(workspace, plain, text, 300, `${i}`)).split(/\W+/);
      await workspace.index();
      asked.push({ workspace, words });
    }
    await plain.ready();
    await vacuumIndex(url);
    const memory: Record<string, unknown>[] = [];
    for (const [i, { workspace }] of asked.entries()) {
      await searchPassages(workspace.ctx(), text.draw(STOP), 10);
      if ([10, 100, 300, 1000, tenants].includes(i + 1)) memory.push({ tenants: i + 1, ...megabytes() });
    }
    const kinds = queriesOf(text, queries, asked);
    const times = await compare(plain, kinds);
    const disk = await diskOf(plain, url);
    await plain.readyByTenant();
    const byTenant = await compare(plain, { drawn: kinds.drawn ?? [] });
    return {
      bounds: [
        bound(`p50, ${tenants} tenants of 300`, 0.8, times.drawn?.p50ratio ?? Number.NaN),
        bound(`p95, ${tenants} tenants of 300`, 0.9, times.drawn?.p95ratio ?? Number.NaN),
      ],
      figures: { tenants, times, postgresWithTenantInItsIndex: byTenant, disk, memory },
    };
  });
}

async function measured(
  work: (installation: Installation, plain: PlainSearch, url: string) => Promise<Measured>,
): Promise<Measured> {
  const installation = await openInstallation({ durable: false });
  try {
    const url = installation.postgres.url("postgres", "vouchsafe");
    const plain = await openPlainSearch(url);
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
): Promise<string> {
  let some = "";
  for (let from = 0; from < chunks; from += 1000) {
    const count = Math.min(1000, chunks - from);
    const bodies = Array.from({ length: count }, () =>
      text.text(WORDS + Math.floor(text.random() * 40) - 20),
    );
    const titles = Array.from({ length: Math.ceil(count / CHUNKS_PER_DOCUMENT) }, () => text.text(4));
    const titleOf = (i: number) => titles[Math.floor(i / CHUNKS_PER_DOCUMENT)] ?? name;
    const ids = await workspace.add(
      titles.map((title, i) => ({
        name: title,
        language: "en",
        passages: bodies.slice(i * CHUNKS_PER_DOCUMENT, (i + 1) * CHUNKS_PER_DOCUMENT),
      })),
    );
    await plain.add(
      workspace.tenantId,
      bodies.map((body, i) => ({
        id: from + i,
        document: ids[Math.floor(i / CHUNKS_PER_DOCUMENT)] ?? "",
        title: titleOf(i),
        body,
      })),
    );
    some = bodies.slice(0, 3).join(" ");
  }
  return some;
}

/** A workspace, and words that stand in it as often as in its text. */
interface Asked {
  readonly workspace: SearchWorkspace;
  readonly words: readonly string[];
}

interface Case {
  readonly workspace: SearchWorkspace;
  readonly q: string;
}

/**
 * Queries by kind: two to five words of the text itself but for the most common, four common words, three rare ones, and
 * twenty words of the text.
 */
function queriesOf(text: Zipf, count: number, asked: readonly Asked[]): Record<string, Case[]> {
  const stop = new Set(Array.from({ length: STOP }, (_, rank) => text.word(rank)));
  const many = (times: number, words: number | ((i: number) => number), one: (of: Asked) => string): Case[] =>
    Array.from({ length: times }, (_, i) => {
      const of = asked[Math.floor(text.random() * asked.length)] as Asked; // there is one
      const length = typeof words === "number" ? words : words(i);
      return { workspace: of.workspace, q: Array.from({ length }, () => one(of)).join(" ") };
    });
  const between = (from: number, to: number) => () =>
    text.word(from + Math.floor(text.random() * (to - from)));
  const own = ({ words }: Asked): string => {
    for (;;) {
      const word = words[Math.floor(text.random() * words.length)] ?? "";
      if (word !== "" && !stop.has(word)) return word;
    }
  };
  return {
    drawn: many(count, (i) => 2 + (i % 4), own),
    common: many(count, 4, between(STOP, 200)),
    rare: many(count, 3, between(5_000, 40_000)),
    sentence: many(Math.ceil(count / 4), 20, own),
  };
}

type Percentiles = { readonly p50: number; readonly p95: number };

interface Compared {
  readonly p50ratio: number;
  readonly p95ratio: number;
  readonly product: unknown;
  readonly postgres: unknown;
  readonly postgresWithoutRights: unknown;
}

const ratio = (of: keyof Percentiles, ours: Percentiles, theirs: Percentiles): number =>
  rounded(ours[of] / theirs[of], 3);

/** Each query on both sides, in turn; the first quarter of each kind is asked beforehand, to warm both. */
async function compare(plain: PlainSearch, kinds: Record<string, Case[]>) {
  const figures: Record<string, Compared> = {};
  for (const [kind, cases] of Object.entries(kinds)) {
    const [ours, theirs, bare, snippets]: number[][] = [[], [], [], []];
    const ask = async ({ workspace, q }: Case, counts: boolean) => {
      const times: number[] = [];
      for (const work of [
        () => findPassages(workspace.ctx(), workspace.memberId, q, 10),
        () => plain.searchAs(workspace.ctx(), workspace.memberId, q),
        () => plain.search(workspace.tenantId, q),
        () => searchPassages(workspace.ctx(), q, 10),
      ]) {
        const start = performance.now();
        await work();
        times.push(performance.now() - start);
      }
      if (!counts) return;
      for (const [i, all] of [ours, theirs, bare, snippets].entries()) all?.push(times[i] ?? 0);
    };
    for (const one of cases.slice(0, cases.length / 4)) await ask(one, false);
    for (const one of cases) await ask(one, true);
    const [product, postgres, alone] = [percentiles(ours), percentiles(theirs), percentiles(bare)];
    figures[kind] = {
      p50ratio: ratio("p50", product, postgres),
      p95ratio: ratio("p95", product, postgres),
      product: { ...product, withSnippets: percentiles(snippets) },
      postgres,
      // The statement by itself, as if there were no members: what the product has to do beside it is left out.
      postgresWithoutRights: {
        ...alone,
        p50ratio: ratio("p50", product, alone),
        p95ratio: ratio("p95", product, alone),
      },
    };
  }
  return figures;
}

/**
 * Bytes of both indexes. Postgres has just built its own in one go; ours has grown by batches and merges, so that it is
 * measured as it lies and packed, and the ratio is that of the packed one.
 */
export async function diskOf(plain: PlainSearch, url: string) {
  const postgres = await plain.bytes();
  const lying = await indexBytes(url);
  await vacuumIndex(url, true);
  const packed = await indexBytes(url);
  return {
    product: { packed: packed.bytes, asItLies: lying.bytes, rows: packed.live },
    postgres,
    ratio: rounded(packed.bytes / postgres, 3),
    ratioAsItLies: rounded(lying.bytes / postgres, 3),
  };
}

const bound = (what: string, most: number, ratio: number): Bound => ({
  what,
  most: rounded(most, 3),
  ratio: rounded(ratio, 3),
  met: ratio <= most,
});

export const percentiles = (all: readonly number[] = []): Percentiles => {
  const sorted = [...all].sort((a, b) => a - b);
  return { p50: rounded(quantile(sorted, 0.5), 3), p95: rounded(quantile(sorted, 0.95), 3) };
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Of this process, which is the server, once the garbage is gone. */
function megabytes(): Record<string, number> {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    heap: rounded(heapUsed / 1e6, 1),
    external: rounded(external / 1e6, 1),
    rss: rounded(rss / 1e6, 1),
  };
}

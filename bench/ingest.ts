import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../src/modules/trust/stage/client.ts";
import { type UploadedDocument, upload } from "../src/modules/trust/stage/workspace.ts";
import { projectFolder } from "../src/project.ts";
import { type BenchFile, filesOf, generatedFiles } from "./ingest-files.ts";
import { type Installation, openInstallation } from "./installation.ts";
import { ownSeconds, secondsOfChildren, secondsOfWorkers } from "./processes.ts";
import { type Report, report, rounded, spread } from "./report.ts";

const MB = 1024 * 1024;
const EACH = 3;
const PAGES = 200;
/** Of kinds that have no pages. */
const CHARACTERS_A_PAGE = 3000;

/**
 * `ingest [--data FOLDER] [--rounds N]`: files taken all the way (upload, reading in the child, passages, index) by a
 * real instance, and by the parsers alone in a plain process, in turn. What the whole costs beside reading is told in
 * processor time: the children that read, and everything else.
 */
export async function run({ rounds, data }: { rounds: number; data?: string }): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-ingest-"));
  const installation = await openInstallation({ durable: false });
  try {
    const kinds = data === undefined ? await generatedFiles(EACH, PAGES) : filesOf(data);
    if (Object.keys(kinds).length === 0) throw new Error(`no file in ${data} that this benchmark reads`);
    const company = await installation.founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
    const { client } = company.owner;
    // Everything is loaded once before it counts.
    await ingest(installation, client, [small()]);
    const results: Record<string, Compared> = {};
    for (const [kind, files] of Object.entries(kinds))
      results[kind] = await compare(installation, client, folder, files, rounds);
    const all = Object.values(results);
    const ratio = sum(all.map((r) => r.alone.seconds.median)) / sum(all.map((r) => r.whole.seconds.median));
    return report("ingest", { at: "least", value: 0.5 }, ratio, BASELINE, {
      byKind: results,
      // Of processor time: what others do on the machine counts less in it.
      processorRatio: rounded(
        sum(all.map((r) => r.alone.processorSeconds.median)) /
          sum(all.map((r) => r.whole.readingSeconds.median + r.whole.restSeconds.median)),
      ),
      indexingOverReading: rounded(
        sum(all.map((r) => r.whole.indexingSeconds.median)) /
          sum(all.map((r) => r.whole.readingSeconds.median)),
      ),
      indexingCostsLessThanExtraction: all.every(
        ({ whole }) => whole.indexingSeconds.median < whole.readingSeconds.median,
      ),
      restOverReading: rounded(
        sum(all.map((r) => r.whole.restSeconds.median)) / sum(all.map((r) => r.whole.readingSeconds.median)),
      ),
      rounds,
    });
  } finally {
    await installation.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const BASELINE =
  "the parsers alone (unpdf page by page; unzip and htmlparser2; htmlparser2), the same files one after the other in one " +
  "plain process from its start to its end. The bound is on the seconds of all kinds together: the whole may take twice as long.";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const small = (): BenchFile => ({ name: "first.txt", bytes: Buffer.from("The first words."), pages: null });

interface Compared {
  readonly pages: number;
  readonly ratio: number;
  readonly restOverReading: number;
  readonly whole: Record<
    | "seconds"
    | "pagesPerSecond"
    | "readingSeconds"
    | "indexingSeconds"
    | "restSeconds"
    | "readerMegabytes"
    | "serverGrewMegabytes",
    ReturnType<typeof spread>
  >;
  readonly alone: Record<
    "seconds" | "processorSeconds" | "pagesPerSecond" | "megabytes",
    ReturnType<typeof spread>
  >;
}

async function compare(
  installation: Installation,
  client: Client,
  folder: string,
  files: readonly BenchFile[],
  rounds: number,
): Promise<Compared> {
  const paths = await Promise.all(
    files.map(async ({ name, bytes }) => {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    }),
  );
  const alone: Alone[] = [];
  const whole: Whole[] = [];
  for (let i = 0; i < rounds; i++) {
    alone.push(await parseAlone(paths));
    whole.push(await ingest(installation, client, files));
  }
  const characters = alone[0]?.characters ?? 0;
  const pages = whole[0]?.pages ?? Math.round(characters / CHARACTERS_A_PAGE);
  const of = <T>(items: readonly T[], value: (item: T) => number, digits = 2) =>
    spread(items.map(value), digits);
  const seconds = of(whole, (w) => w.seconds);
  const own = of(alone, (a) => a.seconds);
  return {
    pages,
    ratio: rounded(own.median / seconds.median, 3),
    restOverReading: rounded(of(whole, (w) => w.rest).median / of(whole, (w) => w.reading).median),
    whole: {
      seconds,
      pagesPerSecond: of(whole, (w) => pages / w.seconds, 0),
      readingSeconds: of(whole, (w) => w.reading),
      indexingSeconds: of(whole, (w) => w.indexing),
      restSeconds: of(whole, (w) => w.rest),
      readerMegabytes: of(whole, (w) => w.readerPeak / MB, 0),
      serverGrewMegabytes: of(whole, (w) => w.grown / MB, 0),
    },
    alone: {
      seconds: own,
      processorSeconds: of(alone, (a) => a.processor),
      pagesPerSecond: of(alone, (a) => pages / a.seconds, 0),
      megabytes: of(alone, (a) => a.peak / MB, 0),
    },
  };
}

interface Alone {
  readonly seconds: number;
  /** Processor seconds. */
  readonly processor: number;
  readonly characters: number;
  readonly peak: number;
}

async function parseAlone(paths: readonly string[]): Promise<Alone> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(projectFolder, "bench", "ingest-alone.ts"), ...paths], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((done) => child.on("close", done));
  if (code !== 0) throw new Error(`the parsers alone ended with ${code}`);
  const { characters, processor, peak } = JSON.parse(said) as Alone; // as: our own program's answer
  return { seconds: (performance.now() - began) / 1000, processor, characters, peak };
}

interface Whole {
  readonly seconds: number;
  /** null where not every document has pages. */
  readonly pages: number | null;
  /** Processor seconds of the children that read. */
  readonly reading: number;
  /** Processor seconds of the threads that build segments of the index. */
  readonly indexing: number;
  /** Processor seconds of everything but reading, indexing too: this process (server and this client) and the database. */
  readonly rest: number;
  readonly readerPeak: number;
  readonly grown: number;
}

async function ingest(
  { postgres }: Installation,
  client: Client,
  files: readonly BenchFile[],
): Promise<Whole> {
  const used = async () =>
    [
      await endedChildren(),
      ownSeconds() + ((await secondsOfChildren(postgres.pid)) ?? 0),
      (await secondsOfWorkers()) ?? 0,
    ] as const;
  const watch = watchMemory();
  const before = await used();
  const began = performance.now();
  const documents = await upload(client, files);
  const ready = await allReady(client, documents);
  const seconds = (performance.now() - began) / 1000;
  const after = await used();
  const pages = ready.map((document) => document.pages);
  return {
    seconds,
    pages: pages.includes(null) ? null : sum(pages.map(Number)),
    reading: after[0] - before[0],
    indexing: Math.max(0, after[2] - before[2]),
    rest: after[1] - before[1],
    ...watch.end(),
  };
}

/** Asks five times a second, which is as exact as the seconds are. */
async function allReady(client: Client, documents: readonly UploadedDocument[]): Promise<UploadedDocument[]> {
  for (const deadline = Date.now() + 600_000; Date.now() < deadline; await pause(200)) {
    const { items } = (await client.call("GET", "documents?limit=100")).json as { items: UploadedDocument[] }; // as: the route's shape
    const found = items.filter(({ id }) => documents.some((document) => document.id === id));
    const failed = found.find(({ state }) => state === "failed");
    if (failed) throw new Error(`${failed.name} failed: ${failed.problem?.code}`);
    if (found.length === documents.length && found.every(({ state }) => state === "ready")) return found;
  }
  throw new Error("not read within ten minutes");
}

/** Processor seconds of the children of this process that have ended: those that read documents (proc_pid_stat(5), cutime and cstime). */
async function endedChildren(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Every 50 ms: how far this process has grown, and the largest child that reads. */
function watchMemory(): { end(): { readerPeak: number; grown: number } } {
  const start = process.memoryUsage.rss();
  let grown = 0;
  let readerPeak = 0;
  const look = async () => {
    grown = Math.max(grown, process.memoryUsage.rss() - start);
    const threads = await readdir("/proc/self/task").catch(() => []);
    for (const thread of threads) {
      const pids = await readFile(`/proc/self/task/${thread}/children`, "utf8").catch(() => "");
      for (const pid of pids.trim().split(" ").filter(Boolean)) {
        const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        if (!command.includes("extraction/child.ts")) continue;
        const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
        readerPeak = Math.max(readerPeak, Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
      }
    }
  };
  const timer = setInterval(() => void look(), 50);
  return {
    end() {
      clearInterval(timer);
      return { readerPeak, grown };
    },
  };
}

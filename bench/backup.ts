import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import pg from "pg";
import { type Secret, secret } from "../src/kernel/secret.ts";
import { readArchive } from "../src/modules/operations/backup/archive-reading.ts";
import { type Part, writeArchive } from "../src/modules/operations/backup/archive-writing.ts";
import { FORMAT, type Opening } from "../src/modules/operations/backup/contents.ts";
import { folderPlace, type Place } from "../src/modules/operations/backup/places.ts";
import { openSnapshot, tableParts } from "../src/modules/operations/backup/snapshot.ts";
import { type Report, report, rounded, spread } from "./report.ts";

// Debian's own: its pg_dump refuses the server that the product brings, which is newer.
const POSTGRES = "/usr/lib/postgresql/15/bin";
const NEEDED = [`${POSTGRES}/initdb`, `${POSTGRES}/postgres`, `${POSTGRES}/pg_dump`, "zstd", "age"];
const GIGABYTE = 1024 ** 3;
const NAME = "data-20300101T000000Z-0123456789ab.tar.zst.age";

/**
 * `backup`: an archive of one database against `pg_dump | zstd -3 | age` of the same, in turn, each onto the same disk;
 * then a stored file of 1 GB, in and out, for the memory that this takes.
 */
export async function run({ rounds }: { rounds: number; seconds: number }): Promise<Report> {
  for (const program of NEEDED)
    if (spawnSync(program, ["--version"]).error) throw new Error(`${program} is not installed`);
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-bench-backup-"));
  chmodSync(folder, 0o755);
  const identity = await generateX25519Identity();
  const who = { identity: secret(identity), recipient: await identityToRecipient(identity) };
  const memory = await memoryAtOneGigabyte(join(folder, "large"), who);
  const database = await startDatabase(folder);
  try {
    const bytes = await fill(database.url);
    const place = folderPlace(join(folder, "ours"));
    const theirs = join(folder, "theirs.age");
    await ours(database.url, place, who.recipient);
    await pgDump(database.sockets, theirs, who.recipient);
    const pairs: { ours: number; theirs: number; verified: number }[] = [];
    for (let i = 0; i < rounds; i++) {
      const base = await pgDump(database.sockets, theirs, who.recipient);
      const own = await ours(database.url, place, who.recipient);
      pairs.push({ ours: own, theirs: base, verified: await timed(() => verify(place, who.identity)) });
    }
    const ratios = pairs.map((pair) => pair.theirs / pair.ours);
    const [archive] = await place.list();
    return report(
      "backup",
      { at: "least", value: 1 },
      spread(ratios).median,
      "pg_dump | zstd -3 | age, PostgreSQL 15, same database, same disk",
      {
        ratios: spread(ratios),
        seconds: { ours: spread(pairs.map((p) => p.ours)), pgDump: spread(pairs.map((p) => p.theirs)) },
        // Reading it back and checking every row: the other side has no such step, and it is not in the ratio.
        verifySeconds: spread(pairs.map((p) => p.verified)),
        megabytes: {
          database: rounded(bytes / 1e6, 1),
          ours: rounded((archive?.bytes ?? 0) / 1e6, 1),
          pgDump: rounded(statSync(theirs).size / 1e6, 1),
        },
        memory,
        rounds,
      },
    );
  } finally {
    await database.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function ours(url: string, place: Place, recipient: string): Promise<number> {
  return timed(async () => {
    const snapshot = await openSnapshot(url);
    try {
      await place.put(NAME, archiveOf(snapshot.described, tableParts(snapshot), recipient));
    } finally {
      await snapshot.close();
    }
  });
}

function archiveOf(
  described: Pick<Opening, "postgres" | "queue" | "migrations" | "tables" | "sequences">,
  parts: AsyncIterable<Part>,
  recipient: string,
): AsyncGenerator<Buffer> {
  const opening: Opening = {
    format: FORMAT,
    kind: "data",
    id: "0123456789ab",
    at: "2030-01-01T00:00:00.000Z",
    version: "bench",
    ...described,
  };
  return writeArchive({ opening, recipients: [recipient], parts, checkpoint: null, written: () => {} });
}

const verify = async (place: Place, identity: Secret) => readArchive(await place.get(NAME), [identity]);

async function pgDump(sockets: string, out: string, recipient: string): Promise<number> {
  const command = `set -o pipefail; ${POSTGRES}/pg_dump -h ${sockets} -U postgres bench | zstd -3 -q | age -r ${recipient} > ${out}; sync ${out}`;
  return timed(() => finished(spawn("bash", ["-c", command], { stdio: ["ignore", "ignore", "inherit"] })));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return rounded((performance.now() - began) / 1000, 3);
}

const finished = (child: ReturnType<typeof spawn>): Promise<void> =>
  new Promise((done, fail) => {
    child
      .on("error", fail)
      .on("close", (code) => (code === 0 ? done() : fail(new Error(`ended with ${code}`))));
  });

/** The most that this process held while 1 GB went into an archive, and out of it again, above what it held before. */
async function memoryAtOneGigabyte(
  folder: string,
  { identity, recipient }: { identity: Secret; recipient: string },
) {
  const place = folderPlace(folder);
  const through = async (bytes: number) => {
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 20);
    const nothing = { postgres: "", queue: null, migrations: [], tables: [], sequences: [] };
    const parts = async function* (): AsyncGenerator<Part> {
      yield { file: `files/${"0".repeat(32)}`, bytes, content: noise(bytes) };
    };
    await place.put(NAME, archiveOf(nothing, parts(), recipient));
    await verify(place, identity);
    clearInterval(watch);
    return peak;
  };
  const small = await through(GIGABYTE / 16);
  const large = await through(GIGABYTE);
  rmSync(folder, { recursive: true });
  const megabytes = (bytes: number) => rounded(bytes / 1024 / 1024, 0);
  return {
    megabytesAt64MB: megabytes(small),
    megabytesAt1GB: megabytes(large),
    more: megabytes(large - small),
  };
}

/** Incompressible, as what is encrypted is. */
async function* noise(bytes: number): AsyncGenerator<Buffer> {
  const { randomBytes } = await import("node:crypto");
  const piece = randomBytes(1024 * 1024);
  for (let left = bytes; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

async function startDatabase(folder: string) {
  // PostgreSQL refuses root; its package brings a user.
  const root = process.getuid?.() === 0;
  const number = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  const account = root ? { uid: number("-u"), gid: number("-g") } : {};
  const [data, sockets] = [join(folder, "data"), join(folder, "sockets")];
  for (const path of [data, sockets]) {
    mkdirSync(path);
    if (root) chownSync(path, number("-u"), number("-g"));
  }
  const options = {
    ...account,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"],
  };
  await finished(
    spawn(`${POSTGRES}/initdb`, ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], options),
  );
  const server = spawn(
    `${POSTGRES}/postgres`,
    [
      "-D",
      data,
      "-k",
      sockets,
      "-c",
      "listen_addresses=",
      "-c",
      "fsync=off",
      "-c",
      "shared_buffers=256MB",
      "-c",
      "max_wal_size=2GB",
    ],
    options,
  );
  const url = (name: string) => `postgresql://postgres@/${name}?host=${encodeURIComponent(sockets)}`;
  for (let tries = 0; ; tries++) {
    const client = new pg.Client(url("postgres"));
    try {
      await client.connect();
      await client.query("create database bench");
      await client.end();
      break;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (tries > 100) throw error;
      await new Promise((later) => setTimeout(later, 100));
    }
  }
  return {
    url: url("bench"),
    sockets,
    stop: async () => {
      const ended = new Promise((done) => server.once("close", done));
      server.kill("SIGINT");
      await ended;
    },
  };
}

/** Tables of the kinds that the product has: mostly sealed bytes, in rows of a few hundred, with ids and times. */
async function fill(url: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const sealed = (blocks: number) =>
    Array.from({ length: blocks }, (_, i) => `sha512(('${i}' || random()::text)::bytea)`).join(" || ");
  const id = "gen_random_uuid()";
  // Several statements, which this protocol runs as one transaction.
  await client.query(`
    create schema platform;
    create table platform.migration (name text primary key, checksum text not null);
    create table passage (tenant_id uuid, passage_id uuid, no integer, content bytea, primary key (tenant_id, passage_id));
    create table posting (tenant_id uuid, segment integer, word bytea, body bytea, primary key (tenant_id, segment, word));
    create table entry (tenant_id uuid, entry_id uuid, at timestamptz, event text, outcome text, content bytea, primary key (tenant_id, entry_id));
    insert into passage select ${id}, ${id}, i, ${sealed(12)} from generate_series(1, 150000) i;
    insert into posting select ${id}, i % 40, substr(${sealed(1)}, 1, 12), ${sealed(4)} from generate_series(1, 150000) i;
    insert into entry select ${id}, ${id}, now() - i * interval '1 s', 'document.changed', 'done', ${sealed(5)} from generate_series(1, 150000) i;
  `);
  await client.query("vacuum (analyze)");
  const { rows } = await client.query<{ bytes: string }>("select pg_database_size('bench') as bytes");
  await client.end();
  return Number(rows[0]?.bytes);
}

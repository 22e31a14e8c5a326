import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { upload } from "../../../trust/stage/workspace.ts";
import { newIdentity } from "../age.ts";
import { readArchive } from "../archive-reading.ts";
import { isBackupFailure } from "../failure.ts";
import { folderPlace, type Place } from "../places.ts";
import { expired } from "../retention.ts";
import { listRuns } from "../runs.ts";
import { isDue } from "../schedule.ts";
import { backUp } from "../service.ts";
import { type BackedUp, opened, withBackups } from "./backups-of-stage.ts";

/** A backup of the installation under test, looked at from outside, and then everything that may go wrong with one. */
export function checkBackups(stage: Stage): Promise<Outcome> {
  return withBackups(stage, async (on) => {
    const files = [{ name: "Rates.md", bytes: Buffer.from("# Rates\n\nAnchorage is 40 a day.\n") }];
    await upload(stage.a.owner.client, files);
    const made = await backUp(on.system, "operator").catch((error: unknown) => {
      if (isBackupFailure(error)) return error;
      throw error;
    });
    if (made && "code" in made)
      return outcomeOf([finding(false, "a backup", "the operator", made.message)], "no backup could be made");
    if (!made) throw new Error("another process makes backups of this installation");
    const content = await opened(on.folder, made.data.archive, on.identity);
    const findings = [
      ...(await everythingIsIn(stage, content)),
      ...(await nothingIsReadable(on, made.data.archive.name, content)),
      await keysAreApart(on, content, made.keys.archive.name),
      ...(await tamperedIsRefused(on, made.data.archive.name)),
      ...(await failuresAreNoticed(on)),
      ...timesAndRetention(on),
    ];
    return outcomeOf(
      findings,
      `${content.size} tables and files of one moment, encrypted before they are stored, read back, and refused when changed`,
    );
  });
}

async function everythingIsIn(stage: Stage, content: ReadonlyMap<string, Buffer>): Promise<Finding[]> {
  const client = new pg.Client(stage.server.databaseUrl("postgres"));
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select schemaname || '.' || tablename as name from pg_tables
         where schemaname in ('public', 'audit', 'platform', 'directory') and tablename <> 'migration'`,
    );
    const { rows: files } = await client.query<{ file: string }>("select file from document_version");
    const missing = [
      ...tables.map(({ name }) => `tables/${name}`),
      ...files.map(({ file }) => `files/${file}`),
    ].filter((name) => !content.has(name));
    return [
      finding(
        tables.length > 40 && files.length > 0 && missing.length === 0,
        `${tables.length} tables and ${files.length} files`,
        "the database's catalog",
        missing.length === 0 ? "each in the archive" : `missing: ${missing.slice(0, 3).join(", ")}`,
      ),
    ];
  } finally {
    await client.end();
  }
}

async function nothingIsReadable(
  { folder }: BackedUp,
  name: string,
  content: ReadonlyMap<string, Buffer>,
): Promise<Finding[]> {
  const stored = await readFile(join(folder, name));
  const inside = [...content.keys()].filter((path) => stored.includes(path));
  const stranger = await newIdentity([]);
  return [
    finding(
      stored.subarray(0, 21).toString("latin1") === "age-encryption.org/v1" && inside.length === 0,
      "what was stored",
      "somebody with a copy",
      inside.length === 0 ? "nothing but an age header is readable" : `names ${inside[0]}`,
    ),
    await refused("with another identity", "somebody with a copy", async () =>
      readArchive(await folderPlace(folder).get(name), [stranger.identity]),
    ),
  ];
}

/** The archive of the data holds no key, wrapped or not, and the one of the keys no master key. */
async function keysAreApart(
  { system, folder, identity }: BackedUp,
  content: ReadonlyMap<string, Buffer>,
  keys: string,
) {
  const { home } = system.config;
  const names = (await readdir(join(home, "keys"))).filter((name) => name.endsWith(".json"));
  const bodies: Buffer[] = [];
  for (const name of names) {
    const text = await readFile(join(home, "keys", name), "utf8");
    for (const [, body = ""] of text.matchAll(/"ciphertext": "([^"]{40,})"/g)) bodies.push(Buffer.from(body));
  }
  const master = await readFile(join(home, "secrets", "master.key"), "utf8").catch(() => "");
  const secrets = [...bodies, ...(master ? [Buffer.from(master.trim().split(" ")[1] ?? master)] : [])];
  const inData = [...content].filter(
    ([path, bytes]) => path.startsWith("keys/") || secrets.some((s) => bytes.includes(s)),
  );
  const inKeys = await opened(folder, { name: keys }, identity);
  const masterThere =
    master !== "" &&
    [...inKeys.values()].some((bytes) => bytes.includes(master.trim().split(" ")[1] ?? master));
  return finding(
    bodies.length > 0 && inData.length === 0 && inKeys.size > 0 && !masterThere,
    `${bodies.length} wrapped keys and the master key`,
    "somebody with a backup and its identity",
    inData.length > 0
      ? `in ${inData[0]?.[0]}`
      : masterThere
        ? "the master key is among the keys"
        : "none in the archive of the data, wrapped ones in their own",
  );
}

async function tamperedIsRefused({ folder, identity }: BackedUp, name: string): Promise<Finding[]> {
  const good = await readFile(join(folder, name));
  const read = (bytes: Buffer) => readArchive(once(bytes), [identity]);
  const middle = Buffer.from(good);
  middle[good.length >> 1] = (middle[good.length >> 1] ?? 0) ^ 1;
  const at = good.length - (good.length % 65_552);
  return [
    await refused("one bit changed", "somebody with a copy", () => read(middle)),
    await refused("cut off at the end of a chunk", "somebody with a copy", () =>
      read(good.subarray(0, at > 1000 ? at : good.length - 200)),
    ),
    await refused("cut off in the middle", "somebody with a copy", () =>
      read(good.subarray(0, good.length >> 1)),
    ),
    await refused("with something behind", "somebody with a copy", () => read(Buffer.concat([good, good]))),
  ];
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** A place that loses a byte: the run is a failure, what it stored is gone, the operator is told. */
async function failuresAreNoticed(on: BackedUp): Promise<Finding[]> {
  const good = folderPlace(on.folder);
  const rotten: Place = {
    ...good,
    async put(name, source) {
      await good.put(name, source);
      const bytes = await readFile(join(on.folder, name));
      bytes[bytes.length - 300] = (bytes[bytes.length - 300] ?? 0) ^ 1;
      await writeFile(join(on.folder, name), bytes);
    },
  };
  // Nobody needs to read about a failure that was meant.
  const quiet = {
    ...on.system,
    log: { ...on.system.log, error: () => {} } as unknown as typeof on.system.log,
  };
  const result = await backUp(quiet, "operator", [rotten]).then(
    () => "taken for good",
    (error: unknown) => (isBackupFailure(error) ? error.code : "failed"),
  );
  const [run] = await listRuns(on.system, 1);
  const left = (await readdir(on.folder)).includes(run?.name ?? "");
  const { rows } = await on.system.pool.query("select from platform.alert_sent where kind = 'backup.failed'");
  return [
    finding(
      result === "damaged" && run?.state === "failed" && !left,
      "a disk that loses a byte",
      "a backup",
      `${result}; the run is ${run?.state}${left ? ", and it is still there" : ""}`,
    ),
    finding(rows.length > 0, "a backup that failed", "the operator", rows.length > 0 ? "told" : "not told"),
  ];
}

function timesAndRetention({ system }: BackedUp): Finding[] {
  const { at, keep } = system.config.backup;
  const good = (time: string) => [
    { kind: "data" as const, state: "good" as const, startedAt: new Date(time) },
  ];
  const due = isDue(good("2030-01-02T03:00:05Z"), at, new Date("2030-01-03T03:00:05Z"));
  const early = isDue(good("2030-01-02T03:00:05Z"), at, new Date("2030-01-03T02:59:00Z"));
  const archives = Array.from({ length: 60 }, (_, day) => ({
    name: String(day),
    kind: "data" as const,
    id: "",
    bytes: 1,
    at: new Date(Date.UTC(2030, 0, 1 + day, 3)),
  }));
  const now = new Date(Date.UTC(2030, 0, 60, 4));
  const gone = new Set(expired(archives, keep, now));
  const kept = archives.filter((archive) => !gone.has(archive));
  // The week that has begun, and perhaps the one before, have theirs among the seven days.
  const asSaid =
    archives.slice(-7).every((archive) => kept.includes(archive)) && kept.length >= 9 && kept.length <= 10;
  const lastBad = expired(archives.slice(-1), { kind: "days", days: 1 }, new Date("2031-01-01"));
  return [
    finding(
      due && !early,
      "a day later, at 03:00 UTC and just before",
      "the schedule",
      `${due ? "due" : "not due"}, ${early ? "due" : "not due"}`,
    ),
    finding(
      asSaid && lastBad.length === 0,
      "60 days of backups",
      "retention",
      `${kept.length} kept: 7 days and 4 weeks; the last one always${lastBad.length > 0 ? " NOT" : ""}`,
    ),
  ];
}

/** Nobody reads this but with the failure that says so: no other error counts as a refusal. */
export async function refused(what: string, who: string, read: () => Promise<unknown>): Promise<Finding> {
  const got = await read().then(
    () => "opened",
    (error: unknown) =>
      isBackupFailure(error) ? `refused: ${error.code}` : `failed otherwise: ${String(error)}`,
  );
  return finding(got.startsWith("refused"), what, who, got);
}

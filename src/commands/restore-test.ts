import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { startInstance } from "../instance.ts";
import { type Config, readConfig } from "../kernel/config.ts";
import { loadMasterKeys } from "../kernel/crypto/load-master-keys.ts";
import type { MasterKeys } from "../kernel/crypto/master-key.ts";
import { readMasterKeyFile } from "../kernel/crypto/master-key-file.ts";
import { diskFileStore } from "../kernel/files/disk.ts";
import { jobContext } from "../kernel/jobs.ts";
import { openLog } from "../kernel/log.ts";
import { DATABASE, type EmbeddedPostgres, startEmbedded } from "../kernel/postgres/embedded.ts";
import { secret } from "../kernel/secret.ts";
import type { System } from "../kernel/system.ts";
import { signerOf } from "../modules/operations/audit/log/keeper.ts";
import { openCheckpoint } from "../modules/operations/audit/log/note.ts";
import { exportLines, publicLog } from "../modules/operations/audit/log/proofs.ts";
import { nodesOf, sequenceAudit } from "../modules/operations/audit/log/sequencer.ts";
import { rootOf } from "../modules/operations/audit/log/tree.ts";
import { sumLine } from "../modules/operations/backup/archive-writing.ts";
import { type Chosen, choose } from "../modules/operations/backup/choosing.ts";
import { type Place, placesOf } from "../modules/operations/backup/places.ts";
import {
  NO_CANARIES,
  type RestoreResult,
  type RestoreTask,
} from "../modules/operations/backup/restore-test.ts";
import { checkKeys, restoreInto } from "../modules/operations/backup/restoring.ts";
import { makeScratch } from "../modules/operations/backup/scratch.ts";
import { foreignKeyFindings, protectionFindings } from "../modules/tenancy/catalog.ts";
import { attackCanaries } from "../modules/trust/canaries/attack.ts";
import { readyCanaries } from "../modules/trust/canaries/store.ts";
import { projectFolder } from "../project.ts";

/** `restore-test`: reads a task from standard input, restores on a scratch database, prints what it saw, leaves nothing. */
export async function run(): Promise<number> {
  // Whoever uses the server comes first.
  setPriority(10);
  const task = JSON.parse(await text(process.stdin)) as RestoreTask;
  const folder = await makeScratch(task.scratch, "restore");
  const stop = () => void rm(folder, { recursive: true, force: true }).finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop).once("disconnect", stop);
  try {
    process.stdout.write(JSON.stringify(await restoreAndLook(task, folder)));
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    // The channel to whoever started this would keep it alive.
    process.removeListener("disconnect", stop);
    if (process.connected) process.disconnect();
  }
}

async function restoreAndLook(task: RestoreTask, folder: string): Promise<RestoreResult> {
  const began = performance.now();
  const home = join(folder, "home");
  const runtime = join(folder, "runtime");
  const env = await masterKeysOf(task.home);
  const config = configOf(home);
  const identities = task.archives.map(({ identity }) => secret(identity));
  const archives = await archivesOf(task);
  const masterKeys = await loadMasterKeys({ env, home: task.home });
  await checkKeys(archives.keys, identities, masterKeys);
  const log = openLog("silent");

  const database = await startEmbedded({ home, runtime, log, durable: false });
  // A database that runs on would keep this process from ending.
  const { opening, manifest, tables, rows, looked, left, filesSum } = await restored(
    home,
    database,
    archives,
    identities,
    masterKeys,
  ).finally(() => database.stop());

  const instance = await startInstance({ config, log, env, runtime, durable: false });
  try {
    const { system, url, postgres } = instance;
    const audit = await auditVerified(system, manifest.checkpoint, folder);
    const attack = await attacked(system, url);
    const findings = await catalogOf(postgres);
    return {
      archive: archives.data.archive.name,
      takenAt: opening.at,
      problem: null,
      tables,
      rows,
      files: manifest.files.count,
      bytes: archives.data.archive.bytes,
      // Loading reads each table back and compares it, and ends otherwise: so all of them must have been loaded.
      sumsEqual: tables === manifest.tables.length - left.length && filesSum === manifest.files.sha256,
      catalog: {
        looked: looked.length + findings.length,
        broken: [...looked, ...findings].filter((f) => f.verdict !== "held").length,
      },
      audit,
      ...attack,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    };
  } finally {
    await instance.close();
  }
}

async function restored(
  home: string,
  database: EmbeddedPostgres,
  archives: { data: Chosen; keys: Chosen },
  identities: Parameters<typeof restoreInto>[2],
  masterKeys: MasterKeys,
) {
  const loaded = await restoreInto(
    {
      home,
      files: diskFileStore(join(home, "files")),
      masterKeys,
      adminUrl: database.adminUrl,
      database: DATABASE,
      passwords: database.passwords,
    },
    archives,
    identities,
  );
  // Once as it was restored, and once more as the server left it that ran on it.
  return { ...loaded, looked: await catalogOf(database), filesSum: await sumOfFiles(home) };
}

/** Of the files as they lie there now: the manifest has the sum of such a list. */
async function sumOfFiles(home: string): Promise<string> {
  const list = createHash("sha256");
  for (const kind of ["files", "audit"]) {
    const found = (await readdir(join(home, kind), { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    for (const { name, parentPath } of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const sum = createHash("sha256");
      for await (const piece of createReadStream(join(parentPath, name))) sum.update(piece as Buffer);
      list.update(sumLine(sum.digest("hex"), `${kind}/${name}`));
    }
  }
  return list.digest("hex");
}

async function catalogOf(postgres: EmbeddedPostgres | null) {
  if (!postgres) throw new Error("a scratch database is a built-in one");
  const client = new pg.Client(postgres.url("postgres", DATABASE));
  await client.connect();
  try {
    return [...(await protectionFindings(client)), ...(await foreignKeyFindings(client))];
  } finally {
    await client.end();
  }
}

/** The tree as it was signed, the log that goes on from it, and a workspace's export before the separate program. */
async function auditVerified(
  system: System,
  checkpoint: string | null,
  folder: string,
): Promise<RestoreResult["audit"]> {
  if (checkpoint !== null) {
    const signed = openCheckpoint(checkpoint, await signerOf(system));
    const root = await rootOf(nodesOf(system.pool), signed.size);
    if (!root.equals(signed.root)) return { entries: signed.size, verified: false };
  }
  await sequenceAudit(system);
  const log = await publicLog(system);
  const tenantId = await system.directory.tenantBySlug("operator");
  // Without an operator there is no log to export: then nothing was verified but the tree.
  if (!tenantId) return { entries: 0, verified: checkpoint !== null };
  const lines: string[] = [];
  for await (const line of exportLines(jobContext(system, { tenantId, slug: "operator" }))) lines.push(line);
  const file = join(folder, "export");
  await writeFile(file, `${lines.join("\n")}\n`);
  const { status } = spawnSync(
    process.execPath,
    [join(projectFolder, "verify/main.ts"), "export", file, "--key", log.key],
    { env: {} },
  );
  // Between its first and its last line.
  return { entries: lines.length - 2, verified: status === 0 };
}

async function attacked(system: System, url: string): Promise<Pick<RestoreResult, "attack" | "attackSaid">> {
  if (!(await readyCanaries(system))) return { attack: null, attackSaid: NO_CANARIES };
  try {
    const { summary } = await attackCanaries(system, url, { harmless: false });
    const { probes, held, breached, inconclusive } = summary;
    return { attack: { attempts: probes, held, breached, inconclusive }, attackSaid: "run on the copy" };
  } catch (error) {
    return {
      attack: null,
      attackSaid: `not run: ${(error instanceof Error ? error.message : String(error)).slice(0, 200)}`,
    };
  }
}

async function archivesOf({ places, archives }: RestoreTask): Promise<{ data: Chosen; keys: Chosen }> {
  const { bucket } = places;
  const all: Place[] = placesOf(
    {
      ...configOf("/").backup,
      folder: places.folder,
      bucket: bucket && {
        endpoint: bucket.endpoint ?? "",
        region: bucket.region ?? "",
        bucket: bucket.bucket ?? "",
        accessKeyId: bucket.accessKeyId ?? "",
        secretAccessKey: secret(bucket.secretAccessKey ?? ""),
      },
    },
    "/",
  );
  const [data, keys] = archives;
  const chosen = await choose(all, { name: data?.name });
  if (chosen.keys.archive.name !== keys?.name) throw new Error("there is a newer archive of keys already");
  return chosen;
}

/** In the environment of the scratch instance, not in its folder. */
async function masterKeysOf(home: string): Promise<Record<string, string>> {
  const given = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^(MASTER_KEY|KEY_SERVICE)/.test(name) && value ? [[name, value] as const] : [],
    ),
  );
  if (Object.keys(given).some((name) => name.startsWith("MASTER_KEY"))) return given;
  const file = await readMasterKeyFile(home);
  if (!file) return given;
  return {
    ...given,
    ...Object.fromEntries(
      [...file].map(([version, key]) => [`MASTER_KEY_${version}`, key.toString("base64")]),
    ),
  };
}

function configOf(home: string): Config {
  const read = readConfig({ PORT: "0" }, home);
  if ("problems" in read) throw new Error("the defaults do not hold");
  // Attacks come fast, and nobody else comes at all.
  return { ...read.config, rateScale: 1000 };
}

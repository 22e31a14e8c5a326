import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { PLATFORM_ID } from "../../../kernel/crypto/keyring.ts";
import { errorCode } from "../../../kernel/files/durable.ts";
import { newId } from "../../../kernel/ids.ts";
import { reveal, type Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { remember, signerOf } from "../audit/log/keeper.ts";
import { fingerprintOf, newIdentity, problemOf } from "./age.ts";
import { readArchive } from "./archive-reading.ts";
import { type Part, writeArchive } from "./archive-writing.ts";
import { FORMAT, type Manifest, type Opening } from "./contents.ts";
import { backupFailure, isBackupFailure } from "./failure.ts";
import { type Archive, nameOf, type Place } from "./places.ts";
import { type BackupRun, beginRun, endRun } from "./runs.ts";
import { markOf, signManifest } from "./signing.ts";
import { fileParts, openSnapshot, tableParts } from "./snapshot.ts";

/** An archive that was written, read back, and found to be what was written. */
export interface Made {
  readonly run: string;
  readonly archive: Archive;
  readonly sha256: Buffer;
  readonly manifest: Manifest;
  /** Where it lies, the first one first. */
  readonly places: readonly Place[];
  /** Opens this archive and no other. In the memory of this process only; whoever gets it drops it soon. */
  readonly identity: Secret;
}

/** Makes an archive of all data: every table in one snapshot, and the files that it names. */
export function backUpData(
  system: System,
  places: readonly Place[],
  asked: BackupRun["asked"],
): Promise<Made> {
  return make(system, places, asked, "data", async () => {
    if (!system.backupUrl)
      throw backupFailure(
        "incomplete",
        "BACKUP_DATABASE_URL is not set: nothing can read the whole database.",
      );
    // Before the snapshot, which then has at least as many entries as were signed.
    const memory = await remember(system);
    const snapshot = await openSnapshot(reveal(system.backupUrl));
    const parts = async function* (): AsyncGenerator<Part> {
      yield* tableParts(snapshot);
      yield* fileParts(snapshot, system.files);
      yield* folderParts(join(system.config.home, "audit"), "audit", (name) =>
        // The memory of exactly this moment, not of a later one.
        name === "checkpoint.json" ? (memory ? Buffer.from(JSON.stringify(memory)) : null) : undefined,
      );
    };
    return {
      at: snapshot.at,
      described: snapshot.described,
      parts: parts(),
      checkpoint: memory?.note ?? null,
      close: snapshot.close,
    };
  });
}

/** Makes an archive of the key store: wrapped keys, which only the master key opens. It is in none of them. */
export function backUpKeys(
  system: System,
  places: readonly Place[],
  asked: BackupRun["asked"],
): Promise<Made> {
  return make(system, places, asked, "keys", async () => ({
    at: system.clock(),
    described: { postgres: "", queue: null, migrations: [], tables: [], sequences: [] },
    parts: keyParts(system),
    checkpoint: null,
    close: async () => {},
  }));
}

/** What goes into an archive, for as long as it is open. */
interface Contents {
  readonly at: Date;
  readonly described: Omit<Opening, "format" | "kind" | "id" | "begun" | "at" | "version">;
  readonly parts: AsyncIterable<Part>;
  readonly checkpoint: string | null;
  close(): Promise<void>;
}

async function make(
  system: System,
  places: readonly Place[],
  asked: BackupRun["asked"],
  kind: Archive["kind"],
  open: () => Promise<Contents>,
): Promise<Made> {
  const { recipients } = system.config.backup;
  const [first, ...others] = places;
  if (!first) throw new TypeError("a backup needs a place");
  const id = (await markOf(system)) + randomBytes(3).toString("hex");
  const startedAt = system.clock();
  const name = nameOf({ kind, at: startedAt, id });
  const run = newId();
  await beginRun(system, {
    id: run,
    kind,
    asked,
    name,
    startedAt,
    recipients: recipients.map(fingerprintOf),
  });
  let contents: Contents | null = null;
  try {
    const problem = recipients.length === 0 ? "is empty" : await problemOf(recipients);
    if (problem) throw backupFailure("incomplete", `BACKUP_RECIPIENTS ${problem}.`);
    const own = await newIdentity(recipients);
    const signer = await signerOf(system);
    contents = await open();
    const { at, described, parts, checkpoint } = contents;
    const written: { manifest: Manifest | null } = { manifest: null };
    const opening: Opening = {
      format: FORMAT,
      kind,
      id,
      begun: `${startedAt.toISOString().slice(0, 19)}Z`,
      at: at.toISOString(),
      version: system.version,
      ...described,
    };
    const sum = summing(
      writeArchive({
        opening,
        recipients: [...recipients, own.recipient],
        parts,
        checkpoint,
        sign: (said, unsigned) => signManifest(said, unsigned, signer),
        written: ({ manifest }) => {
          written.manifest = manifest;
        },
      }),
    );
    await first.put(name, sum.bytes);
    const { manifest } = written;
    if (!manifest) throw new Error("an archive was stored before it was written");
    const sha256 = sum.digest();
    for (const other of others) await other.put(name, await first.get(name));
    for (const place of places) await verify(place, name, sha256, own.identity, manifest);
    await endRun(system, run, {
      takenAt: kind === "data" ? at : null,
      keptAt: places.map(({ words }) => words),
      bytes: sum.length(),
      sha256,
      tables: manifest.tables.length,
      rows: manifest.tables.reduce((all, { rows }) => all + rows, 0),
      files: manifest.files.count,
    });
    const archive = { name, kind, at: startedAt, id, bytes: sum.length() };
    return { run, archive, sha256, manifest, places, identity: own.identity };
  } catch (error) {
    const code = isBackupFailure(error) ? error.code : ((error as { code?: string }).code ?? "failed");
    // A code, never words: those of a database or a service could carry anything.
    await endRun(system, run, { problem: /^[\w.-]{1,40}$/.test(code) ? code : "failed" });
    // What did not verify must not pass for a backup.
    for (const place of places) await place.remove(name).catch(() => undefined);
    throw error;
  } finally {
    await contents?.close();
  }
}

/** Reads an archive back from where it was put: the same bytes, which open, and hold what was written. */
async function verify(
  place: Place,
  name: string,
  sha256: Buffer,
  identity: Secret,
  manifest: Manifest,
): Promise<void> {
  const sum = summing(await place.get(name));
  const read = await readArchive(sum.bytes, [identity]);
  if (!sum.digest().equals(sha256) || JSON.stringify(read.manifest) !== JSON.stringify(manifest))
    throw backupFailure("damaged", `What lies in ${place.words} is not what was written there.`);
}

/** The same bytes, counted and summed up as they pass. */
export function summing(source: AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  let length = 0;
  return {
    bytes: (async function* () {
      for await (const piece of source) {
        hash.update(piece);
        length += piece.length;
        yield piece;
      }
    })(),
    length: () => length,
    digest: () => hash.digest(),
  };
}

/**
 * The key store, whole: a key that could not be read must not be missing from a run that is called good. Every workspace
 * of the database has one in it, or the word that it was destroyed; one that is being destroyed belongs in no archive.
 */
async function* keyParts(system: System): AsyncGenerator<Part> {
  const needed = await tenantsOf(system);
  const found = new Set<string>();
  for await (const part of folderParts(join(system.config.home, "keys"), "keys")) {
    if ("file" in part) found.add(part.file.replace(/^keys\/|\.\w+$/g, ""));
    yield part;
  }
  const missing = [PLATFORM_ID, ...needed].filter((id) => !found.has(id));
  if (missing.length > 0)
    throw backupFailure("incomplete", `The keys of ${missing.length} workspaces are missing: ${missing[0]}.`);
}

/** Asked before the folder is read: keys are made before their workspace. */
async function tenantsOf({ backupUrl }: System): Promise<string[]> {
  if (!backupUrl)
    throw backupFailure("incomplete", "BACKUP_DATABASE_URL is not set: nobody knows whose keys.");
  const client = new pg.Client({ connectionString: reveal(backupUrl), application_name: "vouchsafe backup" });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      "select tenant_id as id from tenant where state <> 'closed'",
    );
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}

/** The files of a small folder, without locks and what is being written. `instead` gives another content, or none. */
async function* folderParts(
  folder: string,
  name: string,
  instead: (file: string) => Buffer | null | undefined = () => undefined,
): AsyncGenerator<Part> {
  const names = (await readdir(folder)).filter((file) => /^[\w-]+\.(json|gone)$/.test(file));
  for (const file of names.sort()) {
    // A crash left it beside the word that it is destroyed.
    if (names.includes(file.replace(/json$/, "gone")) && file.endsWith(".json")) continue;
    const given = instead(file);
    if (given === null) continue;
    const content = given ?? (await readIfThere(join(folder, file)));
    if (content) yield { file: `${name}/${file}`, bytes: content.length, content: one(content) };
    else {
      // Destroyed just now: the word of it is there instead. Anything else is a key that is lost.
      const gone = file.replace(/json$/, "gone");
      const word = await readIfThere(join(folder, gone));
      if (!word) throw backupFailure("incomplete", `${name}/${file} was there, and cannot be read.`);
      yield { file: `${name}/${gone}`, bytes: word.length, content: one(word) };
    }
  }
}

/** Null only for a file that is not there: one that cannot be read just now is an error. */
async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function* one(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

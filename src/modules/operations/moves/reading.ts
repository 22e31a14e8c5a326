import { statfs } from "node:fs/promises";
import { basename } from "node:path";
import { type ClearKey, PLATFORM_ID } from "../../../kernel/crypto/keyring.ts";
import { migrationFiles } from "../../../kernel/database/migrate.ts";
import { FILE_NAME } from "../../../kernel/files/file-store.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { type Checkpoint, openCheckpoint, readVerifierKey } from "../audit/log/note.ts";
import { type ReadArchive, readArchive } from "../backup/archive-reading.ts";
import { backupFailure } from "../backup/failure.ts";
import { noteFileVersions } from "../backup/keys-needed.ts";
import { requireSigned } from "../backup/signing.ts";
import { MOST_KEY_BYTES, parseClearKeys } from "./clear-keys.ts";
import { PROOF_NAME } from "./log-proof.ts";

/** An archive of one workspace, wherever it lies; read more than once. */
export type Archive = () => Promise<AsyncIterable<Uint8Array>>;

/** What reading one takes. */
export interface Reading {
  readonly system: Pick<System, "config">;
  readonly archive: Archive;
  readonly identities: readonly Secret[];
  /** The public key of the old installation's log, as that printed it. */
  readonly signedBy: string;
  /** Bytes that may be taken; by default what the home's disk has. */
  readonly room?: number;
}

/** What the first reading found. */
export interface CheckedArchive {
  readonly read: ReadArchive;
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly keys: readonly ClearKey[];
  readonly files: ReadonlySet<string>;
  readonly versions: ReadonlyMap<string, number>;
}

/** Reads all of it and writes nothing: who signed it, of which version it is, how much there is. */
export async function checkArchive({
  system,
  archive,
  identities,
  signedBy,
  room,
}: Reading): Promise<CheckedArchive> {
  const files = new Set<string>();
  const seen = noteFileVersions();
  const takes = budget(room ?? (await freeIn(system.config.home)));
  let keysText: string | null = null;
  const read = await readArchive(await archive(), identities, {
    async table(_, rows) {
      for await (const piece of rows) takes(piece.length);
      return null;
    },
    async file(path, content, length) {
      // What it says comes before what it holds.
      takes(length);
      if (path.startsWith("files/")) {
        const name = basename(path);
        if (!FILE_NAME.test(name) || files.has(name)) throw strange();
        files.add(name);
        for await (const _ of seen.note(name, content));
      } else if (path.startsWith("keys/")) {
        if (keysText !== null)
          throw backupFailure("damaged", "This archive holds keys of another workspace.");
        keysText = `${path}\n${await textOf(content, length, MOST_KEY_BYTES)}`;
      } else if (!PROOF_NAME.test(path)) throw strange();
    },
  });
  const { tenant, kind } = read.opening;
  if (kind !== "tenant" || !tenant)
    throw backupFailure(
      "unsupported",
      "This is no archive of one workspace. A backup is put back with `restore`.",
    );
  requireSigned(read, reader(signedBy));
  await requireSameVersion(read);
  if (tenant.id === PLATFORM_ID) throw strange();
  const [path, ...text] = (keysText ?? "").split("\n");
  if (path !== `keys/${tenant.id}.json`)
    throw backupFailure("damaged", "This archive lacks the keys of its workspace.");
  const keys = parseClearKeys(text.join("\n"), tenant.id);
  return { read, tenant, keys, files, versions: seen.versions };
}

/** Room for the files, and for rows in the scratch database and here with their indexes. Throws as soon as it is too little. */
function budget(room: number): (bytes: number) => void {
  let needs = LEAST_FREE;
  return (bytes) => {
    needs += 4 * bytes;
    if (needs > room)
      throw backupFailure(
        "incomplete",
        `This workspace needs more than ${Math.floor(needs / 1e6)} MB of free disk, and there are ${Math.floor(room / 1e6)}.`,
      );
  };
}

const LEAST_FREE = 300 * 1024 * 1024;

async function freeIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function reader(signedBy: string) {
  try {
    return readVerifierKey(signedBy);
  } catch (cause) {
    throw backupFailure("incomplete", "--signed-by is not the public key that export-tenant printed.", cause);
  }
}

/** Rows go in as they are: the tables must be the same, letter by letter. */
async function requireSameVersion({ opening }: ReadArchive): Promise<void> {
  const ours = (await migrationFiles()).map(({ name, checksum }) => `${name} ${checksum}`);
  const theirs = opening.migrations.map(({ name, checksum }) => `${name} ${checksum}`);
  if (ours.join() !== theirs.join())
    throw backupFailure(
      "unsupported",
      `This workspace comes from version ${opening.version} with ${theirs.length} migrations; there are ${ours.length} here. Bring both installations to the same version.`,
    );
}

/** What the old installation signed of its log. It goes into an entry here: so much and no more. */
export function checkpointOf({ manifest: { checkpoint } }: ReadArchive, signedBy: string): Checkpoint {
  try {
    if (checkpoint !== null && checkpoint.length < LONGEST_NOTE)
      return openCheckpoint(checkpoint, reader(signedBy));
  } catch {
    // Said below.
  }
  throw backupFailure("damaged", "This archive lacks the signed state of its old log.");
}

const LONGEST_NOTE = 2000;

/** A small file. What says that it has more is not gathered. */
export async function textOf(content: AsyncIterable<Buffer>, length: number, most: number): Promise<string> {
  if (length > most) throw strange();
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(Buffer.from(piece));
  const text = Buffer.concat(pieces).toString("utf8");
  for (const piece of pieces) piece.fill(0);
  return text;
}

export const strange = () =>
  backupFailure("damaged", "This archive holds something that does not belong in it.");

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type pg from "pg";
import { z } from "zod";
import { newId } from "../../../kernel/ids.ts";
import { reveal } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { projectFolder } from "../../../project.ts";
import { alertOperator } from "../alerts/service.ts";
import { signerOf } from "../audit/log/keeper.ts";
import { openNote, signNote } from "../audit/log/note.ts";
import { isBackupFailure } from "./failure.ts";
import { removeLeftOver, roomNeeded, scratchParent } from "./scratch.ts";
import type { MadeBoth } from "./service.ts";

const LONGEST_MS = 3 * 60 * 60_000;

/** What a restore into a database that was thrown away has shown. */
export const RestoreResult = z.strictObject({
  archive: z.string(),
  takenAt: z.iso.datetime(),
  /** What failed, in the words of the step that did; null: nothing. */
  problem: z.string().nullable(),
  tables: z.int(),
  rows: z.int(),
  files: z.int(),
  bytes: z.int(),
  /** Every table and file gave the checksum that the manifest names, after it was loaded. */
  sumsEqual: z.boolean(),
  /** Of the database's catalog: what isolates customers is in the restored one as well. */
  catalog: z.strictObject({ looked: z.int(), broken: z.int() }),
  /** The tree of the audit log has the root that was signed, and an export passes `verify/`. */
  audit: z.strictObject({ entries: z.int(), verified: z.boolean() }),
  /** The attacks that hurt, between the canaries in the copy; null where there are none, or where they could not be run. */
  attack: z
    .strictObject({ attempts: z.int(), held: z.int(), breached: z.int(), inconclusive: z.int() })
    .nullable(),
  attackSaid: z.string(),
  seconds: z.number(),
});
export type RestoreResult = z.infer<typeof RestoreResult>;

export interface StoredRestoreTest {
  readonly at: Date;
  readonly version: string;
  readonly result: RestoreResult;
  readonly note: string;
}

/** Where there are no canaries nothing was attacked, which is said; an attack that could not be run is no pass. */
export const NO_CANARIES = "not run: there are no canaries in this backup yet";

export const passed = ({ problem, sumsEqual, catalog, audit, attack, attackSaid }: RestoreResult): boolean =>
  problem === null &&
  sumsEqual &&
  catalog.broken === 0 &&
  audit.verified &&
  (attack === null ? attackSaid === NO_CANARIES : attack.breached === 0 && attack.attempts > 0);

/** What the other process is told, over a pipe: it holds the identities of these two archives, and stands nowhere else. */
export interface RestoreTask {
  readonly home: string;
  /** In this folder the copy is made, in one of its own. */
  readonly scratch: string;
  readonly places: {
    readonly folder: string | null;
    readonly bucket: Readonly<Record<string, string>> | null;
  };
  readonly archives: readonly { readonly name: string; readonly identity: string }[];
}

/**
 * Restores what was just stored, from where it was stored, into a database of its own in another process, which tells
 * what it saw and is thrown away. Stores that, signed, and tells the operator when something was not as it must be.
 */
export async function testRestore(
  system: System,
  made: MadeBoth,
  room: typeof scratchParent = scratchParent,
): Promise<StoredRestoreTest> {
  const began = performance.now();
  // No test takes this long.
  await removeLeftOver(system.config.home, 2 * LONGEST_MS).catch((error: unknown) =>
    system.log.warn({ err: error }, "what an earlier restore test left could not be removed"),
  );
  let said =
    "It was made and stored, but restoring it on a scratch database did not go as it must. Settings, Backups says what was seen.";
  const result = await taskOf(system, made, room)
    .then(restoreElsewhere)
    .catch((error: unknown): RestoreResult => {
      // It names folders and numbers.
      if (isBackupFailure(error) && error.code === "incomplete")
        said = `It was made and stored, but not tried out. ${error.message}`;
      return {
        archive: made.data.archive.name,
        takenAt: made.data.archive.at.toISOString(),
        problem: (error instanceof Error ? error.message : String(error)).slice(0, 300),
        tables: 0,
        rows: 0,
        files: 0,
        bytes: made.data.archive.bytes,
        sumsEqual: false,
        catalog: { looked: 0, broken: 0 },
        audit: { entries: 0, verified: false },
        attack: null,
        attackSaid: "not run: the restore failed",
        seconds: Math.round((performance.now() - began) / 1000),
      };
    });
  const stored = await storeRestoreTest(system, result);
  if (!passed(result)) {
    system.log.error({ result }, "the backup did not pass its restore test");
    await alertOperator(system, {
      kind: "backup.restore-test",
      subject: "The last backup did not pass its restore test",
      text: said,
    });
  }
  return stored;
}

async function taskOf(
  { config }: System,
  { data, keys }: MadeBoth,
  room: typeof scratchParent,
): Promise<RestoreTask> {
  const { folder, bucket } = config.backup;
  return {
    home: config.home,
    scratch: await room(config.home, roomNeeded(data.manifest)),
    places: {
      folder: folder ?? (bucket ? null : join(config.home, "backups")),
      bucket: bucket && {
        endpoint: bucket.endpoint,
        region: bucket.region,
        bucket: bucket.bucket,
        accessKeyId: bucket.accessKeyId,
        secretAccessKey: reveal(bucket.secretAccessKey),
      },
    },
    archives: [data, keys].map(({ archive, identity }) => ({
      name: archive.name,
      identity: reveal(identity),
    })),
  };
}

function restoreElsewhere(task: RestoreTask): Promise<RestoreResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectFolder, "src/main.ts"), "restore-test"], {
      cwd: projectFolder,
      // The master key is among the variables, or in the home: without it nothing in the copy opens.
      env: Object.fromEntries(
        Object.entries(process.env).filter(([name]) =>
          /^(PATH|TMPDIR|LANG|MASTER_KEY|KEY_SERVICE)/.test(name),
        ),
      ),
      // The channel carries nothing: it closes when this process ends, however it ends, and the child goes with it.
      stdio: ["pipe", "pipe", "pipe", "ipc"],
      timeout: LONGEST_MS,
    });
    let printed = "";
    let complaint = "";
    if (!child.stdin || !child.stdout || !child.stderr) throw new Error("unreachable: these are pipes");
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-600);
    });
    child.on("error", reject);
    child.on("close", () => {
      try {
        resolve(RestoreResult.parse(JSON.parse(printed)));
      } catch (cause) {
        reject(new Error(`the restore printed no result: ${complaint.trim()}`, { cause }));
      }
    });
    // A child that ended at once closes its end first.
    child.stdin.on("error", () => {});
    child.stdin.end(JSON.stringify(task));
  });
}

/** Signs a result and keeps it, letter by letter. */
export async function storeRestoreTest(system: System, result: RestoreResult): Promise<StoredRestoreTest> {
  const at = system.clock();
  const text = JSON.stringify(result);
  const note = signNote(said(at, system.version, text), await signerOf(system));
  await system.pool.query(
    "insert into platform.restore_test (run_id, at, version, result, note) values ($1, $2, $3, $4, $5)",
    [newId(), at, system.version, text, note],
  );
  return { at, version: system.version, result, note };
}

/** Who asks: the public page does it as a role that has no right on any tenant's table. */
export type Ask = <R extends pg.QueryResultRow>(text: string) => Promise<R[]>;

/** The newest test; null before the first, and `forged` for one that nobody here signed. */
export async function latestRestoreTest(
  system: System,
  ask: Ask = async (text) => (await system.pool.query(text)).rows,
): Promise<StoredRestoreTest | "forged" | null> {
  const [row] = await ask<{ at: Date; version: string; text: string; note: string }>(
    "select at, version, result::text as text, note from platform.restore_test order by at desc limit 1",
  );
  if (!row) return null;
  const { at, version, text, note } = row;
  const signed = await signerOf(system)
    .then((signer) => openNote(note, signer))
    .catch(() => []);
  if (signed.join("\n") !== said(at, version, text).join("\n")) return "forged";
  return { at, version, note, result: RestoreResult.parse(JSON.parse(text)) };
}

const said = (at: Date, version: string, text: string): string[] => [
  "restore-test",
  at.toISOString(),
  version,
  createHash("sha256").update(text).digest("base64"),
];

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import pg from "pg";
import type { BackupConfig } from "../../src/kernel/config-backup.ts";
import { withDatabase } from "../../src/kernel/database/migrate.ts";
import { type Secret, secret } from "../../src/kernel/secret.ts";
import type { System } from "../../src/kernel/system.ts";
import { openStand, type Stand } from "./knowledge.ts";
import type { TestDatabase } from "./postgres.ts";

/** A system that can make backups, and whoever may open them. */
export interface BackupStand extends Stand {
  readonly identity: Secret;
  /** The age recipient and the identity as a file would have it. */
  readonly recipient: string;
  readonly words: string;
  readonly folder: string;
  /** The same system with other settings of backups, and another clock. */
  with(changes: Partial<BackupConfig>, clock?: System["clock"]): System;
}

interface Lasting {
  after(fn: () => Promise<void>): void;
}

export async function openBackupStand(t: Lasting): Promise<BackupStand> {
  const stand = await openStand(t);
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-backups-"));
  t.after(async () => rmSync(folder, { recursive: true, force: true }));
  const words = await generateX25519Identity();
  const recipient = await identityToRecipient(words);
  const settings = { ...stand.system.config.backup, recipients: [recipient], folder };
  const with_ = (changes: Partial<BackupConfig>, clock = stand.system.clock): System => ({
    ...stand.system,
    clock,
    backupUrl: secret(stand.database.url("vouchsafe_backup")),
    config: { ...stand.system.config, backup: { ...settings, ...changes } },
  });
  return { ...stand, system: with_({}), with: with_, identity: secret(words), recipient, words, folder };
}

/** A name for a database that is not there yet; dropped at the end if it is by then. */
export async function emptyDatabase(
  t: Lasting,
  beside: TestDatabase,
): Promise<{ adminUrl: string; database: string; sql: (text: string) => Promise<unknown[][]> }> {
  const adminUrl = withDatabase(beside.url("postgres"), "postgres");
  const database = `restored_${randomBytes(5).toString("hex")}`;
  await query(adminUrl, `create database ${database} template template0`);
  t.after(async () => void (await query(adminUrl, `drop database if exists ${database} with (force)`)));
  return { adminUrl, database, sql: (text) => query(withDatabase(adminUrl, database), text) };
}

/** Rows as arrays. */
export async function query(url: string, text: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}

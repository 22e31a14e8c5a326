import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../src/kernel/database/migrate.ts";
import { startEmbedded } from "../../src/kernel/postgres/embedded.ts";
import type { RoleName } from "../../src/kernel/postgres/passwords.ts";

/** What a test needs to reach the cluster; passed on from `npm test` as JSON in VOUCHSAFE_TEST_POSTGRES. */
export type TestCluster = { adminUrl: string; passwords: Record<RoleName, string>; template: string };

export type RunningTestCluster = TestCluster & { stop(): Promise<void> };

const TEMPLATE = "vouchsafe_template";

/**
 * Starts a throw-away PostgreSQL in temporary folders, with a migrated database that tests clone. `stop` removes all
 * of it.
 */
export async function startTestCluster(): Promise<RunningTestCluster> {
  const home = mkdtempSync(join(tmpdir(), "vouchsafe-test-"));
  // Beside the home, not in it: started by root, another user runs PostgreSQL and has to get there.
  const runtime = mkdtempSync(join(tmpdir(), "vouchsafe-test-db-"));
  const remove = () => {
    for (const folder of [home, runtime]) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const db = await startEmbedded({
      home,
      runtime,
      log: quiet,
      durable: false,
      settings: { max_connections: "150" },
    });
    const stop = async () => {
      await db.stop();
      remove();
    };
    try {
      await run(db.adminUrl, `create database ${TEMPLATE} template template0`);
      await migrate({ adminUrl: db.url("postgres", TEMPLATE), passwords: db.passwords });
      await run(db.adminUrl, `alter database ${TEMPLATE} with is_template true allow_connections false`);
    } catch (error) {
      await stop();
      throw error;
    }
    return { adminUrl: db.adminUrl, passwords: db.passwords, template: TEMPLATE, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Runs statements one by one as the superuser; none inside a transaction, as CREATE DATABASE wants it. */
export async function run(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const ignore = () => {};
const quiet = {
  debug: ignore,
  info: ignore,
  warn: (fields: object, message: string) =>
    void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  error: (fields: object, message: string) =>
    void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
};

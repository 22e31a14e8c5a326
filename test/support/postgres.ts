import { randomBytes } from "node:crypto";
import { after } from "node:test";
import type { RoleName } from "../../src/kernel/postgres/passwords.ts";
import { type RunningTestCluster, run, startTestCluster, type TestCluster } from "./cluster.ts";

export type TestDatabase = {
  /** Connection string of a role to this test's database; `postgres` is the superuser. */
  url(role: RoleName | "postgres"): string;
  database: string;
  passwords: Record<RoleName, string>;
  drop(): Promise<void>;
};

let own: Promise<RunningTestCluster> | null = null;

// Registered while the test file is being loaded, so that it runs after the file's last test.
after(async () => {
  await (await own)?.stop();
});

/**
 * Clones the migrated template into a database of its own, dropped after `t` (a test or suite; without it, after the
 * file). The cluster is that of `npm test`; a file that is run alone starts one.
 */
export async function testDatabase(t?: { after(fn: () => Promise<void>): void }): Promise<TestDatabase> {
  const { adminUrl, passwords, template } = await cluster();
  const database = `test_${process.pid}_${randomBytes(4).toString("hex")}`;
  await run(
    adminUrl,
    `create database ${database} template ${template}`,
    // A clone gets the tables' privileges, but not the database's own; as in migrate.ts.
    `grant create, connect on database ${database} to vouchsafe_migrator, vouchsafe_jobs`,
  );
  const drop = () => run(adminUrl, `drop database if exists ${database} with (force)`);
  if (t) t.after(drop);
  else if (process.env.VOUCHSAFE_TEST_POSTGRES !== undefined) after(drop);
  return { url: (role) => urlOf(adminUrl, role, passwords, database), database, passwords, drop };
}

async function cluster(): Promise<TestCluster> {
  const given = process.env.VOUCHSAFE_TEST_POSTGRES;
  if (given !== undefined) return JSON.parse(given) as TestCluster;
  own ??= startTestCluster();
  return own;
}

function urlOf(
  adminUrl: string,
  role: RoleName | "postgres",
  passwords: Record<RoleName, string>,
  database: string,
): string {
  const parts = /^postgresql:\/\/postgres:([^@]*)@\/postgres\?(.*)$/.exec(adminUrl);
  if (parts === null) throw new Error("the test cluster's address has another form than expected");
  const password = role === "postgres" ? parts[1] : passwords[role];
  return `postgresql://${role}:${password}@/${database}?${parts[2]}`;
}

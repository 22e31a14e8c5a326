import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { emptyDatabase, openBackupStand, query } from "../../test/support/backup.ts";
import { run as sql, startTestCluster } from "../../test/support/cluster.ts";
import { upload } from "../../test/support/knowledge.ts";
import { withDatabase } from "../kernel/database/migrate.ts";
import { run as backup } from "./backup.ts";
import { run as migrate } from "./migrate.ts";
import { run as restore } from "./restore.ts";

test("a database of one's own is backed up by its own role, and restored by a superuser into another one", async (t) => {
  const stand = await openBackupStand(t);
  const { system, database } = stand;
  const harrow = await stand.workspace("harrow");
  const [mara, idris] = [await harrow.hire("Mara", "owner"), await harrow.hire("Idris", "manager")];
  await upload(idris, { name: "b.md", content: "Of Idris." });
  await upload(mara, { name: "a.md", content: "Anchorage is 40 a day." });
  const folder = await mkdtemp(join(tmpdir(), "vs-own-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const identity = join(folder, "identity.txt");
  await writeFile(identity, `${stand.words}\n`);
  const said: string[] = [];
  t.mock.method(process.stdout, "write", (text: string) => said.push(text));
  t.mock.method(process.stderr, "write", () => true);
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  // As docs/operations.md writes it; the socket stands behind it.
  const spelt = (url: string) => url.replace("@/", "@localhost/");
  const given = (
    home: string,
    url: (role: "vouchsafe_app" | "vouchsafe_jobs" | "vouchsafe_backup") => string,
  ) => ({
    ...before,
    VOUCHSAFE_HOME: home,
    DATABASE_URL: spelt(url("vouchsafe_app")),
    JOBS_DATABASE_URL: spelt(url("vouchsafe_jobs")),
    BACKUP_DATABASE_URL: spelt(url("vouchsafe_backup")),
    BACKUP_RECIPIENTS: stand.recipient,
    BACKUP_FOLDER: join(folder, "backups"),
  });
  const live = given(system.config.home, (role) => database.url(role));

  await t.test("not without the role that reads everything, nor by one that may not", async () => {
    const { BACKUP_DATABASE_URL: _, ...without } = live;
    process.env = without;
    await assert.rejects(backup([]), /BACKUP_DATABASE_URL is needed beside DATABASE_URL/);
    process.env = { ...live, BACKUP_DATABASE_URL: live.DATABASE_URL };
    await assert.rejects(backup([]));
    assert.deepEqual(await readdir(join(folder, "backups")).catch(() => []), []);
  });

  process.env = live;
  assert.equal(await backup([]), 0);
  const target = await emptyDatabase(t, database);
  const home = join(folder, "home");
  await mkdir(join(home, "secrets"), { recursive: true, mode: 0o700 });
  await cp(join(system.config.home, "secrets", "master.key"), join(home, "secrets", "master.key"));
  const empty = given(home, (role) => withDatabase(database.url(role), target.database));
  const from = ["--identity", identity, "--from", join(folder, "backups")];

  await t.test("not without a superuser, and nothing is changed", async () => {
    process.env = empty;
    await assert.rejects(restore(from), /MIGRATION_DATABASE_URL is not set/);
    assert.deepEqual(await target.sql("select nspname from pg_namespace where nspname = 'platform'"), []);
    assert.deepEqual(
      (await readdir(home)).filter((name) => name !== "secrets"),
      [],
    );
  });

  process.env = { ...empty, MIGRATION_DATABASE_URL: spelt(withDatabase(target.adminUrl, target.database)) };
  // Of the lost machine's own list, newer than any archive.
  const list = join(folder, "erased.json");
  const erased = { tenant: harrow.tenant.id, member: idris.id, by: mara.id, content: "deleted", to: null };
  await writeFile(
    list,
    JSON.stringify({ format: "vouchsafe-erased/1", erased: [{ ...erased, at: new Date().toISOString() }] }),
  );
  await assert.rejects(restore([...from, "--erased", join(folder, "none.json")]), /cannot be read/);
  assert.equal(await restore([...from, "--erased", list]), 0);
  assert.match(said.join(""), /One person who was erased after this backup was erased again/);
  assert.deepEqual(await target.sql("select status from member order by status"), [["active"], ["removed"]]);
  assert.match(said.join(""), /Every table was read back and is the same, byte by byte/);
  assert.deepEqual(
    await target.sql("select slug, (select count(*)::int from document) from directory.tenant_slug"),
    [["harrow", 1]],
  );
  assert.ok((await readdir(join(home, "keys"))).includes(`${harrow.tenant.id}.json`));
  // The next backup is the restored one's.
  await rm(join(folder, "backups"), { recursive: true });
  assert.equal(await backup([]), 0);
  assert.equal((await readdir(join(folder, "backups"))).length, 2);

  await t.test("and not over another one", async () => {
    process.env = { ...process.env, VOUCHSAFE_HOME: join(folder, "third") };
    await mkdir(join(folder, "third", "secrets"), { recursive: true, mode: 0o700 });
    await cp(join(home, "secrets", "master.key"), join(folder, "third", "secrets", "master.key"));
    await assert.rejects(restore(from), /The database is not empty/);
  });
});

test("migrate gives each role the password of its URL, and a backup signs in with it", async (t) => {
  // One of its own: roles and their passwords belong to the whole cluster.
  const cluster = await startTestCluster();
  t.after(() => cluster.stop());
  const folder = await mkdtemp(join(tmpdir(), "vs-own-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  t.mock.method(process.stdout, "write", () => true);
  t.mock.method(process.stderr, "write", () => true);
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  await sql(cluster.adminUrl, "create database own template template0");
  const admin = new URL(withDatabase(cluster.adminUrl, "own").replace("@/", "@localhost/"));
  const as = (role: string) => {
    const url = new URL(admin);
    url.username = role;
    url.password = `p${randomBytes(12).toString("hex")}`;
    return url.href;
  };
  const identity = await generateX25519Identity();
  process.env = {
    ...before,
    VOUCHSAFE_HOME: join(folder, "home"),
    MIGRATION_DATABASE_URL: admin.href,
    DATABASE_URL: as("vouchsafe_app"),
    JOBS_DATABASE_URL: as("vouchsafe_jobs"),
    BACKUP_DATABASE_URL: as("vouchsafe_backup"),
    BACKUP_RECIPIENTS: await identityToRecipient(identity),
    BACKUP_FOLDER: join(folder, "backups"),
  };
  assert.equal(await migrate(), 0);
  for (const name of ["DATABASE_URL", "JOBS_DATABASE_URL", "BACKUP_DATABASE_URL"])
    assert.deepEqual(await query(process.env[name] ?? "", "select 1"), [[1]], name);
  assert.equal(await backup([]), 0);
  assert.equal((await readdir(join(folder, "backups"))).length, 2);
});

import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { emptyDatabase, openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { requireEmptyDatabase } from "../../../commands/restore.ts";
import { days, later } from "../../../kernel/clock.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { diskFileStore } from "../../../kernel/files/disk.ts";
import { renewDataKeys, resealWhatWaits } from "../keys/data-keys.ts";
import { removeLapsedKeyCopies } from "../keys/shredding.ts";
import { readArchive } from "./archive-reading.ts";
import { writeArchive } from "./archive-writing.ts";
import { choose } from "./choosing.ts";
import { FORMAT } from "./contents.ts";
import { loadArchive } from "./loading.ts";
import { folderPlace, nameOf, parseName } from "./places.ts";
import { checkArchive, noteRestored, restoreInto } from "./restoring.ts";
import { badNames, latestGood, listRuns } from "./runs.ts";
import { backUp } from "./service.ts";
import { openSnapshot, tableParts } from "./snapshot.ts";
import { restoreTenant } from "./tenant-restore.ts";

const pace = { rows: 50, fileGraceMs: 0, rest: 0, stopped: () => false };

test("what a backup gives back, opens, and lets nobody in", async (t) => {
  const stand = await openBackupStand(t);
  const { system, folder, database, identity } = stand;
  const harrow = await stand.workspace("harrow");
  const mara = await harrow.hire("Mara", "manager");
  const idris = await harrow.hire("Idris", "manager");
  const { items } = await upload(mara, { name: "a.md", content: "Anchorage is 40 a day. ".repeat(80) });
  await harrow.settle(...items);
  const sql = (text: string) => query(database.url("postgres"), text);
  const one = async (text: string) => (await sql(text))[0]?.[0];
  const { id } = harrow.tenant;
  await sql(`insert into api_key (tenant_id, key_id, member_id, name, prefix, key_hash, permissions, networks, created_at, expires_at)
    values ('${id}', gen_random_uuid(), '${mara.id}', '\\x00', 'vs_abcd', sha256('x'), '{}', '{}', now(), now() + interval '30 days')`);
  const made = await backUp(system, "operator");
  assert.ok(made);
  const identities = [identity];
  const reach = { adminUrl: withDatabase(database.url("postgres"), "postgres"), database: database.database };
  const chosen = () => choose([folderPlace(folder)], {});
  let homes = 0;
  const restore = async (archives = chosen()) => {
    const home = join(folder, `home${homes++}`);
    const target = await emptyDatabase(t, database);
    const files = diskFileStore(join(home, "files"));
    const { masterKeys } = system.keyring;
    return {
      target,
      home,
      restored: await restoreInto({ ...target, home, files, masterKeys }, await archives, identities),
    };
  };
  const setBack = async (changes: Partial<Parameters<typeof restoreTenant>[0]> = {}) =>
    restoreTenant({
      system,
      live: reach,
      scratch: await emptyDatabase(t, database),
      slug: "harrow",
      data: (await chosen()).data,
      identities,
      ...changes,
    });

  await t.test("a whole restore ends what lets somebody in, before it ends itself", async () => {
    const { target, restored } = await restore();
    const open = async (text: string) => (await target.sql(text))[0]?.[0];
    assert.equal(await open("select count(*)::int from api_key where revoked_at is null"), 0);
    assert.equal(await open("select count(*)::int from session where ended_at is null"), 0);
    assert.equal(await open("select count(*)::int from member where status = 'active'"), 2);
    assert.match(restored.signedBy, /\/audit\//);
  });

  await t.test("the archive that was restored from is a good one", async () => {
    const { data } = await chosen();
    await sql(
      "update platform.backup_run set state = 'running', ended_at = null, kept_at = null where kind = 'data'",
    );
    await noteRestored(system, { data }, new Date());
    assert.equal(await one("select state from platform.backup_run where kind = 'data'"), "good");
    assert.equal((await badNames(system)).size, 0);
  });

  await t.test("an archive that leaves out a table is refused", async () => {
    const snapshot = await openSnapshot(database.url("vouchsafe_backup"));
    const tables = snapshot.tables.filter(({ name }) => name !== "public.member");
    const archive = writeArchive({
      opening: {
        ...{
          format: FORMAT,
          kind: "data",
          id: "0123456789ab",
          at: "2030-01-01T00:00:00.000Z",
          version: "0.6.0",
        },
        ...snapshot.described,
        tables,
      },
      recipients: [stand.recipient],
      parts: tableParts({ ...snapshot, tables }),
      checkpoint: null,
      written: () => {},
    });
    const target = await emptyDatabase(t, database);
    const loading = loadArchive({ ...target, archive, identities }).finally(snapshot.close);
    await assert.rejects(loading, /lacks the table public.member/);
  });

  await t.test("of a tenant, what was taken away since does not come back", async () => {
    await sql("update api_key set revoked_at = now()");
    await sql(`update member set status = 'suspended' where member_id = '${idris.id}'`);
    await setBack();
    assert.equal(await one("select count(*)::int from api_key where revoked_at is null"), 0);
    assert.equal(await one(`select status from member where member_id = '${idris.id}'`), "suspended");
    assert.equal(await one(`select state from tenant where tenant_id = '${id}'`), "active");
  });

  await t.test("a run that was killed is taken up by the next one", async () => {
    await mkdir(join(system.config.home, "restoring"), { recursive: true });
    await writeFile(join(system.config.home, "restoring", `${id}.json`), JSON.stringify({ state: "active" }));
    await sql(`update tenant set state = 'closed' where tenant_id = '${id}'`);
    await setBack();
    assert.equal(await one(`select state from tenant where tenant_id = '${id}'`), "active");
    assert.deepEqual(await readdir(join(system.config.home, "restoring")), []);
  });

  await t.test("whoever is at work in it is waited for, or nothing is done", async () => {
    const busy = new pg.Client({ connectionString: database.url("vouchsafe_app") });
    await busy.connect();
    await busy.query("begin");
    await busy.query("select 1");
    await assert.rejects(setBack({ patienceMs: 50 }), /still at work/);
    await busy.end();
    assert.equal(await one(`select state from tenant where tenant_id = '${id}'`), "active");
    await assert.rejects(setBack({ slug: "operator" }), { code: "unsupported" });
  });

  await t.test("a name that says another time than the archive is refused", async () => {
    const { archive } = made.data;
    const forged = nameOf({ ...archive, at: new Date("2040-01-01T00:00:00Z") });
    await copyFile(join(folder, archive.name), join(folder, forged));
    const { data } = await chosen();
    assert.equal(data.archive.name, forged);
    await assert.rejects(checkArchive(data, identities), { code: "damaged" });
    await assert.rejects(restore(), { code: "damaged" });
    await assert.rejects(setBack(), { code: "damaged" });
    await rm(join(folder, forged));
  });

  await t.test("an archive that is exchanged after it was checked is refused", async () => {
    const before = await chosen();
    const checked = {
      data: await checkArchive(before.data, identities),
      keys: await checkArchive(before.keys, identities),
    };
    const again = await backUp(system, "operator");
    assert.ok(again);
    const files = diskFileStore(join(folder, "home-x", "files"));
    const target = await emptyDatabase(t, database);
    await assert.rejects(
      restoreInto(
        { ...target, home: join(folder, "home-x"), files, masterKeys: system.keyring.masterKeys },
        {
          data: { ...before.data, read: () => folderPlace(folder).get(again.data.archive.name) },
          keys: before.keys,
        },
        identities,
        checked,
      ),
      /another one than it was/,
    );
    for (const { archive } of [again.data, again.keys]) await rm(join(folder, archive.name));
  });

  await t.test("an archive of another installation is refused", async () => {
    const other = await openBackupStand(t);
    const theirs = await backUp(other.with({ recipients: [stand.recipient] }), "operator");
    assert.ok(theirs);
    const { data } = await choose([folderPlace(other.folder)], {});
    await assert.rejects(setBack({ data }), { code: "damaged" });
    const { keys } = await chosen();
    await assert.rejects(restore(Promise.resolve({ data, keys })), { code: "damaged" });
    // In one place nobody takes the other's for their own, and nobody removes them.
    const late = {
      ...other.with({ recipients: [stand.recipient], folder }),
      clock: () => new Date("2039-01-01"),
    };
    await backUp(late, "operator");
    await assert.rejects(chosen(), /archives of 2 installations/);
    assert.ok((await readdir(folder)).includes(made.keys.archive.name));
    for (const name of await readdir(folder)) if (name.includes("-2039")) await rm(join(folder, name));
  });

  await t.test("a key that is missing or cannot be read fails the backup", async () => {
    const path = join(system.config.home, "keys", `${id}.json`);
    await rename(path, `${path}.away`);
    await assert.rejects(backUp(system, "operator"), { code: "incomplete" });
    await mkdir(path);
    await assert.rejects(backUp(system, "operator"), { code: "EISDIR" });
    await rm(path, { recursive: true });
    await rename(`${path}.away`, path);
    assert.equal((await listRuns(system))[0]?.state, "failed");
  });

  await t.test("a database with anything in it is no place to restore to", async () => {
    const target = await emptyDatabase(t, database);
    await requireEmptyDatabase(target.adminUrl, target.database);
    await target.sql("create table orders (id int)");
    await assert.rejects(requireEmptyDatabase(target.adminUrl, target.database), /not empty/);
  });

  await t.test("beside new data keys it has every file that there is", async () => {
    await renewDataKeys(system);
    let first = true;
    const slow = {
      ...system,
      files: {
        ...system.files,
        sealed: async (name: string) => {
          if (first) await resealWhatWaits(system, pace);
          first = false;
          return system.files.sealed(name);
        },
      },
    };
    const beside = await backUp(slow, "operator");
    assert.deepEqual(beside?.data.manifest.files.gone, []);
    await readArchive(await folderPlace(folder).get(beside?.data.archive.name ?? ""), identities);
    // Rows that live on under another name of their file are no rows whose file was deleted.
    let renamed = false;
    const lost = {
      ...system,
      files: {
        ...system.files,
        sealed: async () => {
          if (!renamed)
            await sql(
              "update document set file = reverse(file); update document_version set file = reverse(file)",
            );
          renamed = true;
          return null;
        },
      },
    };
    await assert.rejects(backUp(lost, "operator"), { code: "incomplete" });
    await sql("update document set file = reverse(file); update document_version set file = reverse(file)");
  });

  await t.test("a backup whose keys are gone replaces nothing", async () => {
    // The first archive was sealed with version 1.
    const before = parseName(made.data.archive.name, 0);
    assert.ok(before);
    const old = await choose([folderPlace(folder)], { name: before.name });
    await resealWhatWaits(system, pace);
    const path = join(system.config.home, "keys", `${id}.json`);
    const whole = await readFile(path, "utf8");
    const record = JSON.parse(whole) as { keys: { use: string; version: number }[] };
    record.keys = record.keys.filter(({ use, version }) => use === "hash" || version > 1);
    await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
    system.keyring.forget(id);
    await assert.rejects(setBack({ data: old.data }), { code: "wrong_key" });
    const late = await backUp(system, "operator");
    assert.ok(late);
    const { keys } = await chosen();
    await assert.rejects(restore(Promise.resolve({ data: old.data, keys })), { code: "wrong_key" });
    assert.ok((await latestGood(system))?.name);
    await writeFile(path, whole);
  });

  await t.test("the last copy of the keys goes when a newer one is there, and not before", async () => {
    const gone = join(system.config.home, "keys", "11111111-1111-4111-8111-111111111111.gone");
    await writeFile(gone, "destroyed");
    const next = stand.with({}, () => later(new Date(), days(8)));
    const quiet = { ...next, log: { ...next.log, error: () => {} } } as typeof next;
    const copies = async () => (await folderPlace(folder).list()).filter(({ kind }) => kind === "keys");
    const path = join(system.config.home, "keys", `${id}.json`);
    await rename(path, `${path}.away`);
    await removeLapsedKeyCopies(quiet, [folderPlace(folder)]);
    assert.equal((await copies()).length, 1, "it is all that there is");
    const [old] = await copies();
    await rename(`${path}.away`, path);
    await removeLapsedKeyCopies(next, [folderPlace(folder)]);
    assert.equal((await copies()).length, 1);
    assert.notEqual((await copies())[0]?.name, old?.name);
  });
});

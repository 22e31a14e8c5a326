import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { emptyDatabase, openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { days, later, minutes } from "../../../kernel/clock.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { diskFileStore } from "../../../kernel/files/disk.ts";
import "../../identity/permissions.ts";
import { createFolder } from "../../knowledge/folders/service.ts";
import { choose } from "../../operations/backup/choosing.ts";
import { folderPlace } from "../../operations/backup/places.ts";
import { restoreInto } from "../../operations/backup/restoring.ts";
import { copyKeysIfDue } from "../../operations/backup/schedule.ts";
import { backUp } from "../../operations/backup/service.ts";
import { restoreTenant } from "../../operations/backup/tenant-restore.ts";
import "../../tenancy/permissions.ts";
import "../permissions.ts";
import { eraseAgain, erasuresIn, onCopy } from "./again.ts";
import { finishErasures } from "./finishing.ts";
import { forgetErased, noteErased, readErased } from "./ledger.ts";
import { eraseMember } from "./service.ts";
import { tracesOf } from "./traces.ts";

test("whoever was erased after a backup does not come back with it", async (t) => {
  const stand = await openBackupStand(t);
  const { folder, database, identity } = stand;
  // No queue runs here: what it would do is called.
  const system = { ...stand.system, jobs: { ...stand.system.jobs, enqueue: async () => {} } };
  const harrow = await stand.workspace("harrow");
  const mara = await harrow.hire("Mara", "owner");
  const [zaphira, greta] = [await harrow.hire("Zaphira", "manager"), await harrow.hire("Greta", "manager")];
  const vesna = await harrow.hire("Vesna", "manager");
  await upload(vesna, { name: "vesna.md", content: "Words of Vesna." });
  const { items } = await upload(zaphira, { name: "zaphira.md", content: "Words of Zaphira Quellmarsh." });
  const [hers] = items;
  await createFolder(zaphira.as("folder.create"), { name: "Zaphira's folder", parent: null });
  await upload(greta, { name: "kept.md", content: "To be kept." });
  const sql = (text: string) => query(database.url("postgres"), text);
  const [[file]] = (await sql(`select file from document where document_id = '${hers?.id}'`)) as [[string]];
  const [[vesnas]] = (await sql(`select file from document where owner_id = '${vesna.id}'`)) as [[string]];
  // Made while the workspace was closed for being set back: nothing of the erasures is left out for that.
  await sql(`update tenant set state = 'closed' where tenant_id = '${harrow.tenant.id}'`);
  const before = await backUp(system, "operator");
  await sql(`update tenant set state = 'active' where tenant_id = '${harrow.tenant.id}'`);
  assert.ok(before);
  const erase = (id: string, fate: Parameters<typeof eraseMember>[2]) =>
    eraseMember({ ...mara.as("member.erase"), system }, id, fate);
  await erase(zaphira.id, { content: "deleted" });
  await erase(greta.id, { content: "handed-over", to: mara.id });

  await t.test("it is written down beside the keys before it is acknowledged, and names nobody", async () => {
    const text = await readFile(join(system.config.home, "keys", "erased.json"), "utf8");
    assert.deepEqual(
      (await readErased(system.config.home)).map(({ member, content, to }) => [member, content, to]),
      [
        [zaphira.id, "deleted", null],
        [greta.id, "handed-over", mara.id],
      ],
    );
    assert.doesNotMatch(text, /zaphira|greta|@/i);
    await finishErasures(system);
    assert.equal((await readErased(system.config.home)).length, 2, "the job has nothing to add");
  });

  await t.test("an archive of the keys is made for it within the hour", async () => {
    const at = (time: number) => ({ ...system, clock: () => later(new Date(), minutes(time)) });
    assert.equal(await copyKeysIfDue(at(30)), false);
    await sql(`insert into platform.backup_run (run_id, kind, asked, name, started_at, recipients, state, version)
      select gen_random_uuid(), kind, asked, 'later', now() + interval '3 days', recipients, 'running', version
        from platform.backup_run where kind = 'keys' limit 1`);
    assert.equal(await copyKeysIfDue(at(70)), true);
    assert.equal(await copyKeysIfDue(at(140)), false, "nothing has changed since");
  });
  const chosen = async () => ({
    data: (await choose([folderPlace(folder)], { name: before.data.archive.name })).data,
    keys: (await choose([folderPlace(folder)], {})).keys,
  });
  const isTrace = (text: string) => /zaphira|quellmarsh/i.test(text) || text.includes("greta@harrow.example");
  const there = async (ask: (text: string) => Promise<unknown[][]>) => {
    const rows = await ask(
      `select (select count(*)::int from document where owner_id = '${zaphira.id}'),
              (select count(*)::int from document where owner_id = '${mara.id}'),
              (select count(*)::int from member where status = 'removed' and address_hash is null),
              (select count(*)::int from erasure where state = 'done')`,
    );
    return rows[0];
  };

  await t.test("a whole restore erases them again, from the newest archive of keys", async () => {
    const target = await emptyDatabase(t, database);
    const home = join(folder, "home");
    const { masterKeys } = system.keyring;
    const files = diskFileStore(join(home, "files"));
    const archives = await chosen();
    const { opening } = await restoreInto({ ...target, home, files, masterKeys }, archives, [identity]);
    const url = withDatabase(target.adminUrl, target.database);
    assert.equal((await there(target.sql))?.[0], 1, "the backup has her document");
    assert.ok((await readdir(join(home, "keys"))).includes("erased.json"));
    const copy = onCopy(system, withDatabase(database.url("vouchsafe_app"), target.database));
    t.after(copy.close);
    const restored = { ...copy.system, files, config: { ...system.config, home } };
    const taken = new Date(opening.at);
    assert.deepEqual(await eraseAgain(restored, url, { taken }), { again: 2, left: 0, failed: [] });
    assert.deepEqual(await there(target.sql), [0, 1, 2, 2]);
    assert.deepEqual(await tracesOf({ ...harrow.job(), system: restored }, isTrace), []);
    assert.equal(await files.exists(file), false);
    assert.deepEqual(await eraseAgain(restored, url, { taken }), { again: 0, left: 0, failed: [] });
    // One that was over before the backup is none of its business.
    assert.deepEqual(await target.sql("select distinct state from tenant where kind = 'customer'"), [
      ["active"],
    ]);
    const late = { taken: later(new Date(opening.at), days(3)) };
    await target.sql("delete from erasure");
    assert.deepEqual(await eraseAgain(restored, url, late), { again: 0, left: 0, failed: [] });
    // One of whom nothing opens is kept out, and keeps nobody else.
    await target.sql(
      `update member set status = 'active', address = '\\x00' where member_id = '${zaphira.id}'`,
    );
    const quiet = { ...restored, log: { ...restored.log, error: () => {} } } as typeof restored;
    assert.deepEqual(await eraseAgain(quiet, url, { taken }), { again: 1, left: 0, failed: [zaphira.id] });
    assert.deepEqual(
      await target.sql(
        `select status, state from member join erasure using (member_id) where member_id = '${zaphira.id}'`,
      ),
      [["removed", "done"]],
    );
  });

  await t.test("one workspace that is set back has them not in what comes back", async () => {
    const scratch = await emptyDatabase(t, database);
    const list = join(system.config.home, "keys", "erased.json");
    const listed = await readFile(list, "utf8");
    const again: number[] = [];
    const liveUrl = database.url("postgres");
    const put = await restoreTenant({
      system,
      live: { adminUrl: withDatabase(database.url("postgres"), "postgres"), database: database.database },
      scratch,
      slug: "harrow",
      data: (await chosen()).data,
      identities: [identity],
      prepare: async (only, taken) => {
        const copy = onCopy(system, withDatabase(database.url("vouchsafe_app"), scratch.database));
        const url = withDatabase(scratch.adminUrl, scratch.database);
        const erased = [...(await readErased(system.config.home)), ...(await erasuresIn(liveUrl, only))];
        again.push((await eraseAgain(copy.system, url, { taken, only, erased }).finally(copy.close)).again);
        // The workspace is still open: somebody else is erased, and no job has come to it.
        if (again.length === 1) {
          await erase(vesna.id, { content: "deleted" });
          await writeFile(list, listed);
        }
      },
    });
    assert.deepEqual(again, [2, 1]);
    assert.equal(put.files, 0);
    assert.equal(await system.files.exists(vesnas), false);
    assert.deepEqual(
      await sql(
        `select (select count(*)::int from document where owner_id = '${vesna.id}'), status, state
           from member join erasure using (member_id) where member_id = '${vesna.id}'`,
      ),
      [[0, "removed", "done"]],
    );
    assert.deepEqual(await tracesOf({ ...harrow.job(), system }, (text) => /vesna/i.test(text)), []);
    assert.equal(await system.files.exists(file), false);
    assert.deepEqual((await there(sql))?.slice(0, 2), [0, 1]);
    assert.deepEqual(await tracesOf({ ...harrow.job(), system }, isTrace), []);
  });

  await t.test("the record goes when no backup can bring them back, and not before", async () => {
    const at = (time: number) => stand.with({}, () => later(new Date(), days(time)));
    assert.equal(await forgetErased(at(60)), 0);
    assert.equal(await forgetErased(at(400)), 0, "a backup from before lies there");
    for (const { name } of await folderPlace(folder).list()) await folderPlace(folder).remove(name);
    assert.equal(await forgetErased(at(60)), 0);
    assert.equal(await forgetErased(at(68)), 3);
    assert.deepEqual(await readErased(system.config.home), []);
  });

  await t.test(
    "of two at once neither is lost, and a record that cannot be read is no empty one",
    async () => {
      const one = { tenant: harrow.tenant.id, by: mara.id, at: new Date().toISOString(), to: null };
      await Promise.all(
        [zaphira.id, greta.id].map((member) => noteErased(system, { ...one, member, content: "deleted" })),
      );
      assert.equal((await readErased(system.config.home)).length, 2);
      const impossible = { ...one, member: mara.id, at: new Date("+020000-01-01").toISOString() };
      await assert.rejects(noteErased(system, { ...impossible, content: "deleted" }));
      assert.equal(
        (await readErased(system.config.home)).length,
        2,
        "nothing is written that cannot be read",
      );
      const home = join(folder, "broken");
      await mkdir(join(home, "keys"), { recursive: true });
      const words = { format: "vouchsafe-erased/1", erased: [{ ...impossible, content: "deleted" }] };
      await writeFile(join(home, "keys", "erased.json"), JSON.stringify(words));
      const [read] = await readErased(home);
      assert.ok(Date.parse(read?.at ?? "") <= Date.now(), "a time that is none is today's");
      await writeFile(join(home, "keys", "erased.json"), "[]");
      await assert.rejects(readErased(home), /not what this program wrote/);
    },
  );
});

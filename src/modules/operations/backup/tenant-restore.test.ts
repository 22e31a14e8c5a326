import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { emptyDatabase, openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { choose } from "./choosing.ts";
import { folderPlace } from "./places.ts";
import { backUp } from "./service.ts";
import { restoreTenant } from "./tenant-restore.ts";

test("one tenant is set back to a backup, and no other is touched", async (t) => {
  const stand = await openBackupStand(t);
  const { system, folder, database, identity } = stand;
  const [harrow, bexley] = [await stand.workspace("harrow"), await stand.workspace("bexley")];
  const [mara, idris] = [await harrow.hire("Mara", "manager"), await bexley.hire("Idris", "manager")];
  const { items } = await upload(mara, { name: "kept.md", content: "The first text." });
  await harrow.settle(...items);
  await upload(idris, { name: "theirs.md", content: "Another's." });
  await backUp(system, "operator");

  const sql = (text: string) => query(database.url("postgres"), text);
  const names = (await sql("select tablename from pg_tables where schemaname = 'public'")).flat() as string[];
  const sums = async (of: string) => {
    const found: Record<string, unknown> = {};
    for (const name of names) {
      if (["session", "visibility_epoch"].includes(name) && of === harrow.tenant.id) continue;
      const [[sum] = []] = await sql(
        `select md5(string_agg(r::text, ',' order by r::text)) from ${name} r where tenant_id = '${of}'`,
      );
      found[name] = sum;
    }
    return found;
  };
  const then = await sums(harrow.tenant.id);
  // Afterwards: something is lost and something new comes, in both of them.
  const [[file]] = (await sql(`select file from document where tenant_id = '${harrow.tenant.id}'`)) as [
    [string],
  ];
  await sql(
    `set session_replication_role = replica; delete from passage where tenant_id = '${harrow.tenant.id}'`,
  );
  await system.files.remove(file);
  await upload(mara, { name: "newer.md", content: "Came later." });
  await upload(idris, { name: "newer.md", content: "Came later." });
  const entries = async () =>
    (
      await sql(`select count(*)::int from audit.entry where tenant_id = '${harrow.tenant.id}'`)
    )[0]?.[0] as number;
  const [others, logged] = [await sums(bexley.tenant.id), await entries()];

  const { adminUrl, database: scratch } = await emptyDatabase(t, database);
  const { data } = await choose([folderPlace(folder)], {});
  const live = { adminUrl: withDatabase(database.url("postgres"), "postgres"), database: database.database };
  const options = { system, live, scratch: { adminUrl, database: scratch }, data, identities: [identity] };
  const restored = await restoreTenant({ ...options, slug: "harrow" });
  assert.equal(restored.tenantId, harrow.tenant.id);
  assert.equal(restored.files, 1);

  assert.deepEqual(await sums(harrow.tenant.id), then);
  assert.deepEqual(await sums(bexley.tenant.id), others);
  assert.equal(await system.files.exists(file), true);
  assert.equal(await entries(), logged + 1, "its log goes on");
  const [[state]] = (await sql(`select state from tenant where tenant_id = '${harrow.tenant.id}'`)) as [
    [string],
  ];
  assert.equal(state, "active");
  const [[sessions]] = (await sql(
    `select count(*)::int from session where tenant_id = '${harrow.tenant.id}'`,
  )) as [[number]];
  assert.equal(sessions, 0);

  const first = new pg.Client({ connectionString: database.url("postgres") });
  await first.connect();
  await first.query("select pg_advisory_lock(723401196, hashtext($1))", [harrow.tenant.id]);
  const second = await emptyDatabase(t, database);
  await assert.rejects(restoreTenant({ ...options, scratch: second, slug: "harrow" }), {
    message: /already/,
  });
  await first.end();
  const again = await emptyDatabase(t, database);
  await assert.rejects(restoreTenant({ ...options, scratch: again, slug: "nobody" }), { code: "incomplete" });
});

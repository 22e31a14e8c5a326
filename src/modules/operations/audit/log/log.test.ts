import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { openStage } from "../../../../../test/support/stage.ts";
import { checkExport } from "../../../../../verify/export.ts";
import { fromBase64, readCheckpoint, readKey } from "../../../../../verify/note.ts";
import { isConsistent } from "../../../../../verify/tree.ts";
import { record } from "../../../../kernel/audit.ts";
import type { Ctx } from "../../../../kernel/context.ts";
import { unit } from "../../../../kernel/database/unit.ts";
import { newId } from "../../../../kernel/ids.ts";
import { consistency, exportLines, proveEntry, publicLog } from "./proofs.ts";
import { isLogBroken, sequenceAudit } from "./sequencer.ts";

test("the log of a workspace", async (t) => {
  const stage = await openStage(t);
  const { system } = stage;
  const one = await stage.company("harrow-finch");
  const two = await stage.company("bexley-marine");
  const add = (ctx: Ctx, times: number) =>
    unit(ctx, async (inner) => {
      for (let i = 0; i < times; i++)
        record(inner, {
          event: "probe.made",
          resource: { type: "probe", id: newId() },
          changes: { no: [null, i] },
        });
    });
  const verdict = async (ctx: Ctx) => {
    const lines = await Array.fromAsync(exportLines(ctx));
    return checkExport(lines, await readKey((JSON.parse(lines[0] ?? "") as { key: string }).key));
  };
  const admin = new pg.Client(stage.database.url("postgres"));
  await admin.connect();
  // A superuser goes past triggers, too.
  await admin.query("set session_replication_role = 'replica'");
  await Promise.all(Array.from({ length: 60 }, (_, i) => add((i % 2 ? one : two).job(), 5)));
  await Promise.all([sequenceAudit(system), sequenceAudit(system), add(one.job(), 3)]);

  await t.test("is complete and verifies, whoever wrote beside it", async () => {
    for (const company of [one, two]) {
      const found = await verdict(company.job());
      assert.deepEqual(found.problems, []);
      assert.ok(found.entries >= 150, `${found.entries}`);
    }
    const { rows } = await admin.query(
      `select (select count(*) from audit.entry)::int as entries, count(*)::int as leaves, max(leaf_index)::int + 1 as size,
              (select count(*) from audit.staged)::int as waiting from audit.leaf`,
    );
    const [{ entries, leaves, size, waiting }] = rows;
    assert.deepEqual({ leaves, size, waiting }, { leaves: entries, size: entries, waiting: 0 });
  });

  await t.test("goes on where a sequencer was cut off", async () => {
    await add(one.job(), 5);
    const cut = new pg.Client(stage.database.url("vouchsafe_app"));
    await cut.connect();
    await cut.query("begin; select audit.sequence(100)");
    await cut.end();
    assert.deepEqual((await verdict(one.job())).problems, []);
  });

  await t.test("goes on where it was cut off between the commit and the signature", async () => {
    await add(one.job(), 4);
    const path = join(stage.home, "audit/checkpoint.json");
    const memory = JSON.parse(await readFile(path, "utf8"));
    const { rows } = await admin.query(
      "select new_size::int as size, of_tenant as tenant, last_number::int as last from audit.sequence(100)",
    );
    const heads = Object.fromEntries(rows.map(({ tenant, last }) => [tenant, last]));
    await writeFile(path, JSON.stringify({ ...memory, next: { size: rows[0].size, heads } }));
    assert.deepEqual((await verdict(one.job())).problems, []);
    // And where what was about to happen did not.
    await writeFile(
      path,
      JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), next: { size: 10 ** 6, heads } }),
    );
    await add(one.job(), 2);
    assert.deepEqual((await verdict(one.job())).problems, []);
  });

  await t.test("tells that its end was cut off, and gives no number again", async () => {
    await add(one.job(), 3);
    await sequenceAudit(system);
    await admin.query(
      "create temporary table cut as select * from audit.place where tenant_id = '" +
        one.id +
        "' order by number desc limit 2",
    );
    await admin.query(
      "create temporary table cut_entry as select e.* from audit.entry e join cut using (tenant_id, entry_id)",
    );
    await admin.query(
      "delete from audit.place p using cut c where p.tenant_id = c.tenant_id and p.number = c.number",
    );
    await admin.query(
      "delete from audit.entry e using cut c where e.tenant_id = c.tenant_id and e.entry_id = c.entry_id",
    );
    assert.ok((await verdict(one.job())).problems.some((words) => /the end is missing/.test(words)));
    await add(one.job(), 1);
    await assert.rejects(
      sequenceAudit(system),
      (error) => isLogBroken(error) && /end of a workspace/.test(error.problem),
    );
    await admin.query("insert into audit.place select * from cut");
    await admin.query("insert into audit.entry select * from cut_entry");
    await admin.query("drop table cut, cut_entry");
    assert.deepEqual((await verdict(one.job())).problems, []);
  });

  await t.test("only ever grows", async () => {
    const before = await publicLog(system);
    await add(two.job(), 300);
    stage.pass(3000);
    const after = await publicLog(system);
    assert.ok(after.size > before.size && after.intact);
    const key = await readKey(after.key);
    const [old, now] = [
      await readCheckpoint(before.checkpoint, key),
      await readCheckpoint(after.checkpoint, key),
    ];
    const path = (await consistency(system, before.size, after.size)).map(fromBase64);
    assert.equal(await isConsistent(old.size, old.root, now.size, now.root, path), true);
    await assert.rejects(consistency(system, 5, after.size + 1), { code: "not_found" });
  });

  await t.test("shows one entry to be in it, and another workspace's to nobody", async () => {
    const { rows } = await admin.query("select entry_id from audit.entry where tenant_id = $1 limit 1", [
      one.id,
    ]);
    const id = rows[0].entry_id as string;
    const { checkpoint, key, ...proof } = await proveEntry(one.job(), id);
    assert.ok(proof.index >= 0 && proof.number > 0 && checkpoint && key);
    await assert.rejects(proveEntry(two.job(), id), { code: "not_found" });
  });

  // As superuser, in the table: each is told by what the export no longer proves.
  const tamperings: [string, string, string, RegExp][] = [
    [
      "a changed event",
      "update audit.entry set event = 'probe.other' where entry_id = $1",
      "update audit.entry set event = 'probe.made' where entry_id = $1",
      /not in the signed tree/,
    ],
    [
      "another actor",
      "update audit.entry set actor_kind = 'operator' where entry_id = $1",
      "update audit.entry set actor_kind = 'job' where entry_id = $1",
      /not in the signed tree/,
    ],
    [
      "another time",
      "update audit.entry set at = at + interval '1 ms' where entry_id = $1",
      "update audit.entry set at = at - interval '1 ms' where entry_id = $1",
      /not in the signed tree/,
    ],
    [
      "a content that was erased with its commitment",
      "update audit.entry set commitment = null where entry_id = $1",
      "update audit.entry set commitment = kept.commitment from kept where audit.entry.entry_id = $1",
      /not in the signed tree|content was changed/,
    ],
    [
      "a deleted entry",
      "delete from audit.entry where entry_id = $1",
      "insert into audit.entry select kept.* from kept",
      /an entry is missing/,
    ],
    [
      "an entry that nobody recorded",
      "insert into audit.entry select tenant_id, gen_random_uuid(), at, actor_kind, actor_id, role, 'probe.forged', resource_type, resource_id, outcome, content, key_id, commitment from kept where entry_id = $1",
      "delete from audit.entry where event = 'probe.forged' and $1::uuid is not null",
      /number 0|not in the signed tree/,
    ],
    [
      "two entries that changed places",
      "update audit.place p set leaf_index = q.leaf_index from audit.place q where p.tenant_id = q.tenant_id and p.number in (2, 3) and q.number = 5 - p.number and $1::uuid is not null",
      "update audit.place p set leaf_index = q.leaf_index from audit.place q where p.tenant_id = q.tenant_id and p.number in (2, 3) and q.number = 5 - p.number and $1::uuid is not null",
      /not in the signed tree/,
    ],
  ];
  for (const [name, tamper, repair, words] of tamperings) {
    await t.test(`tells ${name}`, async () => {
      const { rows } = await admin.query(
        "select entry_id from audit.entry where tenant_id = $1 and event = 'probe.made' order by entry_id limit 1 offset 100",
        [one.id],
      );
      const id = rows[0].entry_id as string;
      await admin.query(
        "create temporary table kept as select * from audit.entry where entry_id = $1".replace(
          "$1",
          `'${id}'`,
        ),
      );
      const run = async (sql: string) => {
        for (const part of sql.split("; ")) await admin.query(part, part.includes("$1") ? [id] : []);
      };
      await run(tamper);
      const found = await verdict(one.job());
      await run(repair);
      await admin.query("drop table kept");
      assert.ok(
        found.problems.some((problem) => words.test(problem)),
        found.problems.join("\n"),
      );
    });
  }

  await t.test("and is what it was once all of it is put back", async () => {
    for (const company of [one, two]) assert.deepEqual((await verdict(company.job())).problems, []);
  });

  await t.test("signs nothing over a log that was set back, cut or rewritten", async () => {
    // What everybody is told is as old as two seconds.
    const fresh = () => {
      stage.pass(3000);
      return publicLog(system);
    };
    const good = await fresh();
    const keep =
      "create temporary table gone as select * from audit.leaf where leaf_index >= (select max(leaf_index) from audit.leaf)";
    const broken = async (tamper: string, repair: string, words: RegExp) => {
      await admin.query(keep);
      await admin.query(tamper);
      await assert.rejects(sequenceAudit(system), (error) => isLogBroken(error) && words.test(error.problem));
      const seen = await fresh();
      assert.equal(seen.intact, false);
      assert.equal(seen.checkpoint, good.checkpoint);
      assert.notDeepEqual((await verdict(one.job())).problems, []);
      await admin.query(repair);
      await admin.query("drop table gone");
      assert.equal((await fresh()).intact, true);
    };
    await broken(
      "delete from audit.leaf where leaf_index >= (select max(leaf_index) from audit.leaf)",
      "insert into audit.leaf select * from gone",
      /set back/,
    );
    await broken(
      "update audit.leaf set hash = sha256(hash) where leaf_index = (select max(leaf_index) from audit.leaf)",
      "update audit.leaf l set hash = g.hash from gone g where g.leaf_index = l.leaf_index",
      /another beginning/,
    );
    await broken(
      "update audit.subtree set subtree_index = subtree_index + 100 where subtree_index = 0",
      "update audit.subtree set subtree_index = subtree_index - 100 where subtree_index = 100",
      /gap/,
    );
  });

  await t.test("believes no checkpoint that it did not sign", async () => {
    const path = join(stage.home, "audit/checkpoint.json");
    const note = await readFile(path, "utf8");
    await writeFile(path, note.replace(/\\n\d+\\n/, "\\n1\\n"));
    await assert.rejects(sequenceAudit(system), /signature/);
    await writeFile(path, note);
  });

  await admin.end();

  await t.test("cannot be written by the application", async () => {
    const app = new pg.Client(stage.database.url("vouchsafe_app"));
    await app.connect();
    for (const sql of [
      "insert into audit.leaf values (1000000, sha256('x'))",
      "update audit.leaf set hash = sha256('x')",
      "delete from audit.leaf",
      "insert into audit.subtree values (1, 1000, sha256('x'))",
      "delete from audit.subtree",
      "select * from audit.staged",
      "delete from audit.staged",
      "insert into audit.place values (gen_random_uuid(), 1, gen_random_uuid(), 1)",
    ])
      await assert.rejects(app.query(sql), { code: "42501" }, sql);
    await app.end();
  });
});

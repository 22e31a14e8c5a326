import { test } from "node:test";
import pg from "pg";
import { openStage } from "../../../test/support/stage.ts";
import { checkExport } from "../../../verify/export.ts";
import { readKey } from "../../../verify/note.ts";
import { record } from "../../kernel/audit.ts";
import type { Ctx } from "../../kernel/context.ts";
import { unit } from "../../kernel/database/unit.ts";
import { newId } from "../../kernel/ids.ts";
import { exportLines, publicLog } from "../operations/audit/log/proofs.ts";
import { sequenceAudit } from "../operations/audit/log/sequencer.ts";

test("R1", async (t) => {
  const stage = await openStage(t);
  const { system } = stage;
  const one = await stage.company("harrow-finch");
  const two = await stage.company("bexley-marine");
  const add = (ctx: Ctx, times: number, event = "probe.made") => unit(ctx, async (inner) => { for (let i = 0; i < times; i++) record(inner, { event, resource: { type: "probe", id: newId() }, changes: { no: [null, i] } }); });
  const verdict = async (ctx: Ctx) => { const lines = await Array.fromAsync(exportLines(ctx)); return checkExport(lines, await readKey((JSON.parse(lines[0] ?? "") as { key: string }).key)); };
  const admin = new pg.Client(stage.database.url("postgres")); await admin.connect();
  await admin.query("set session_replication_role = 'replica'");
  await add(one.job(), 10); await add(two.job(), 3);
  await add(one.job(), 2, "member.stole");
  await sequenceAudit(system);
  console.log("before", JSON.stringify(await verdict(one.job())), (await publicLog(system)).size);
  const { rows } = await admin.query("select p.entry_id, p.leaf_index from audit.place p join audit.entry e using (tenant_id, entry_id) where e.event = 'member.stole' order by number");
  for (const { entry_id, leaf_index } of rows) {
    await admin.query("delete from audit.place where entry_id = $1", [entry_id]);
    // hidden under a number nobody exports up to, of another workspace
    await admin.query("update audit.entry set tenant_id = $2, entry_id = gen_random_uuid() where entry_id = $1", [entry_id, two.id]);
    await admin.query("insert into audit.place select $1, -$2::bigint - 1, e.entry_id, $2 from audit.entry e where e.tenant_id = $1 and e.event='member.stole' and not exists (select from audit.place p where p.entry_id = e.entry_id) limit 1", [two.id, leaf_index]);
  }
  console.log("removed()", (await admin.query("select audit.removed()")).rows);
  console.log("after", JSON.stringify(await verdict(one.job())));
  console.log("the other workspace", JSON.stringify(await verdict(two.job())));
  await add(one.job(), 3); await sequenceAudit(system);
  console.log("later", JSON.stringify(await verdict(one.job())));
  stage.pass(3000);
  console.log("public", JSON.stringify(await publicLog(system)));
  await admin.end();
});

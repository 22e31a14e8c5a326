import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { dyingSystem } from "../../../../test/support/faults.ts";
import { openStand, type Workspace } from "../../../../test/support/knowledge.ts";
import { addTexts } from "../../../../test/support/library.ts";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import type { System } from "../../../kernel/system.ts";
import { projectFolder } from "../../../project.ts";
import { openSegment } from "../search/segment.ts";
import { findPassages } from "../service.ts";
import { indexDocuments } from "./indexing.ts";
import { indexKeys } from "./keys.ts";
import { HELD_FOR } from "./manifest.ts";
import { tidyIndex } from "./tidying.ts";
import { tidyWhatWaits } from "./timer.ts";
import { DUE_AFTER, GONE_WITHIN_HOURS } from "./tombstones.ts";

test("a crash at any step of a batch or a merge", async (t) => {
  const stand = await openStand(t);
  const real = stand.system;
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const tenantId = workspace.tenant.id;
  let ahead = 0;
  const clock = () => new Date(Date.now() + ahead);
  const job = (system: System = real): Ctx => ({
    ...workspace.job(),
    clock,
    system: { ...system, clock },
  });
  const words = new Map<string, string>();
  const add = async (count: number) => {
    const names = Array.from({ length: count }, () => `yarrow${words.size}x${Math.trunc(ahead / 1000)}`);
    const ids = await addTexts(
      job(),
      mara.id,
      names.map((name, i) => ({ name: "n", passages: [`Yarrow ${name}.`, `More of ${i}, yarrow.`] })),
    );
    ids.forEach((id) => {
      words.set(id, id);
    });
    return ids;
  };
  const remove = async (id: string) => {
    await unit(job(), (ctx) =>
      write(ctx, sql`delete from document where tenant_id = ${tenantId} and document_id = ${id}`),
    );
    words.delete(id);
  };
  const foundOnce = async () => {
    const { items } = await findPassages(job(), mara.id, "yarrow", 1000);
    const found = items.map(({ document, passage }) => `${document.id}/${passage}`).sort();
    assert.deepEqual(found, [...words.keys()].flatMap((id) => [`${id}/0`, `${id}/1`]).sort());
  };
  /**
   * Dies at each exchange in turn, until one run gets through. Before it is sent: what the database has then is what it
   * has when a process dies after the one before.
   */
  const dieEverywhere = async (
    run: (system?: System) => Promise<void>,
    before: () => Promise<void>,
    after: () => Promise<void>,
  ) => {
    for (let at = 1, died = true; died; at++) {
      died = false;
      await before();
      await run(dyingSystem(real, { at, when: "before" })).catch(() => {
        died = true;
      });
      await after();
      assert.ok(at < 200);
    }
  };
  const index = (system?: System) => indexDocuments.run(job(system), tenantId, false);
  const tidy = (system?: System) => tidyIndex.run(job(system), tenantId, false);

  await t.test("of a batch: it is done again, and once", async () => {
    await dieEverywhere(
      index,
      async () => {
        await add(2);
      },
      async () => {
        ahead += HELD_FOR + 1000;
        await index();
        await foundOnce();
      },
    );
    assert.ok(words.size > 20, String(words.size));
    await checkRows(job(), workspace);
  });

  await t.test("of a rewrite: what was deleted is gone, the rest is there once", async () => {
    await dieEverywhere(
      tidy,
      async () => {
        const [first] = words.keys();
        if (first) await remove(first);
        ahead += DUE_AFTER;
      },
      async () => {
        await foundOnce();
        ahead += HELD_FOR + 1000;
        await tidy();
        await checkRows(job(), workspace);
      },
    );
    await foundOnce();
  });

  await t.test("a deleted word is gone from all segments within the bound, by the timer alone", async () => {
    // The database buries by its own clock.
    ahead = 0;
    const [id = ""] = await add(12);
    await index();
    await tidy();
    await remove(id);
    const number = async () =>
      (await read(job(), sql`select from index_tombstone where tenant_id = ${tenantId}`))[0].length;
    assert.equal(await number(), 1);
    ahead += minutes(60);
    assert.equal(await tidyWhatWaits({ ...real, clock }), 0);
    ahead += minutes((GONE_WITHIN_HOURS - 3) * 60);
    assert.equal(await tidyWhatWaits({ ...real, clock }), 1);
    await tidy();
    assert.equal(await number(), 0);
    await checkRows(job(), workspace);
  });

  await t.test("of a whole process, killed without warning", async () => {
    const { config } = real;
    const script = join(projectFolder, "test", "support", "index-process.ts");
    const urls = [stand.database.url("vouchsafe_app"), stand.database.url("vouchsafe_jobs")];
    for (const lives of [40, 200]) {
      const child = spawn(process.execPath, [script, config.home, ...urls, tenantId], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      await add(40);
      const [first] = words.keys();
      if (first) await remove(first);
      await sleep(lives);
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    ahead += DUE_AFTER;
    for (;;) {
      await index();
      await tidy();
      const [waiting] = await read(
        job(),
        sql`select from document where tenant_id = ${tenantId} and state = 'indexing'`,
      );
      if (waiting.length === 0) break;
    }
    await foundOnce();
    ahead += DUE_AFTER;
    await tidy();
    await checkRows(job(), workspace);
  });
});

/** Every passage is in one segment, and nothing else is anywhere. */
async function checkRows(ctx: Ctx, { tenant: { id } }: Workspace): Promise<void> {
  const [segments, strays, living] = await read(
    ctx,
    sql<{ segment_id: string; state: string; stats: Buffer }>`
      select segment_id, state, stats from index_segment where tenant_id = ${id}`,
    sql`select from index_posting p where tenant_id = ${id} and not exists (
          select from index_segment s where s.tenant_id = p.tenant_id and s.segment_no = p.segment_no and s.state = 'live')`,
    sql<{ no: number }>`
      select p.index_no as no from document d join passage p on p.tenant_id = d.tenant_id and p.version_id = d.version_id
        where d.tenant_id = ${id} order by 1`,
  );
  const keys = indexKeys(await keysOf(ctx));
  const inside = segments.flatMap((s) => [...openSegment(s.segment_id, s.stats, keys).passages]);
  assert.deepEqual(
    inside.sort((a, b) => a - b),
    living.map((p) => p.no),
  );
  assert.deepEqual([[...new Set(segments.map((s) => s.state))], strays.length], [["live"], 0]);
}

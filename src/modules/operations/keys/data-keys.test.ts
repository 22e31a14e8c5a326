import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { openStand, upload } from "../../../../test/support/knowledge.ts";
import { record } from "../../../kernel/audit.ts";
import { minutes } from "../../../kernel/clock.ts";
import { keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import type { System } from "../../../kernel/system.ts";
import { getDocument, renameDocument } from "../../knowledge/documents/service.ts";
import { searchPassages } from "../../knowledge/service.ts";
import { share } from "../../knowledge/sharing/shares.ts";
import { OLD_KEY_STAYS, renewDataKeys, resealWhatWaits, versionsInUse } from "./data-keys.ts";
import { countSealed, isUnchangeable, sealedValues, sealerOf } from "./sealed.ts";

test("new data keys", async (t) => {
  const stand = await openStand(t);
  const { system } = stand;
  const workspace = await stand.workspace("harrow");
  const other = await stand.workspace("bexley");
  const mara = await workspace.hire("Mara", "manager");
  const { id } = workspace.tenant;
  const names = ["a.md", "b.md", "c.md"];
  const { items } = await upload(
    mara,
    ...names.map((name) => ({ name, content: `Periwinkle grows in ${name}. ${"More of it. ".repeat(80)}` })),
  );
  await workspace.settle(...items);
  await unit(workspace.job(), async (ctx) => {
    record(ctx, { event: "document.renamed", resource: { type: "document" }, changes: { name: ["a", "b"] } });
  });
  const pace = { rows: 2, fileGraceMs: 0, rest: 0, stopped: () => false };
  const later = (ms: number): System => ({ ...system, clock: () => new Date(Date.now() + ms) });
  const dataKeys = async () =>
    (await system.keyring.look(id))?.keys.filter(({ use }) => use === "data").map(({ version }) => version);
  const everythingOpens = async () => {
    const found = await searchPassages(mara.as("search.use"), "periwinkle", 50);
    assert.equal(new Set(found.items.map((i) => i.document.id)).size, 3);
    for (const item of items) {
      assert.ok(names.includes((await getDocument(mara.as(), item.id)).name));
      const [rows] = await read(
        workspace.job(),
        db.selectFrom("document").select("file").where("document_id", "=", item.id),
      );
      let bytes = 0;
      for await (const piece of await system.files.open(
        await system.keyring.tenant(id),
        rows[0]?.file ?? "",
      )) {
        bytes += (piece as Buffer).length;
      }
      assert.ok(bytes > 900);
    }
    let values = 0;
    for (const column of await countSealed(workspace.job())) {
      const ctx = workspace.job();
      const sealer = await sealerOf(ctx, await keysOf(ctx), column);
      for (const { key, sealed } of await sealedValues(ctx, column, null, 1000)) {
        sealer.open(sealer.cell(key), sealed);
        values++;
      }
    }
    return values;
  };
  const asAdmin = async () => {
    const client = new pg.Client(stand.database.url("postgres"));
    await client.connect();
    return client;
  };
  const before = await everythingOpens();

  await t.test("nothing is done while there is one key only", async () => {
    assert.deepEqual(await resealWhatWaits(system, pace), { tenants: 0, problems: [] });
  });

  await t.test("work that is ended in the middle stays done, and goes on where it was", async () => {
    assert.equal(await renewDataKeys(system), 2);
    assert.equal(await renewDataKeys(system), 0, "while they are on their way there is no third");
    let batches = 0;
    await resealWhatWaits(system, { ...pace, stopped: () => ++batches > 12 });
    const { needed } = await versionsInUse(workspace.job());
    assert.deepEqual([...needed].sort(), [1, 2]);
    assert.ok((await everythingOpens()) >= before);
    assert.deepEqual(await dataKeys(), [1, 2]);
  });

  await t.test("what people write meanwhile is sealed with the new key, and not overwritten", async () => {
    await renameDocument(mara.as("document.change"), items[0]?.id ?? "", "renamed.md");
    names.push("renamed.md");
    await workspace.run("knowledge.index", id);
    assert.deepEqual(await resealWhatWaits(system, pace), { tenants: 2, problems: [] });
    assert.equal((await getDocument(mara.as(), items[0]?.id ?? "")).name, "renamed.md");
    const { needed, byAudit } = await versionsInUse(workspace.job());
    assert.deepEqual([[...needed], [...byAudit].sort()], [[2], [1, 2]]);
    await everythingOpens();
  });

  await t.test("the old key stays for an hour, for whoever began before, and goes then", async () => {
    await resealWhatWaits(later(OLD_KEY_STAYS - minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [1, 2]);
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [2]);
    const left = (await system.keyring.look(id))?.keys.map(({ use, version }) => `${use} ${version}`);
    assert.deepEqual(left, ["hash 1", "audit 1", "data 2"]);
    await everythingOpens();
    const day = minutes(25 * 60);
    assert.equal(
      (await resealWhatWaits(later(day), pace))?.tenants,
      1,
      "the log's entries are looked at daily",
    );
    assert.equal((await resealWhatWaits(later(day + OLD_KEY_STAYS), pace))?.tenants, 0);
    const still = (await system.keyring.look(id))?.keys.map(({ use, version }) => `${use} ${version}`);
    assert.deepEqual(still, left);
  });

  await t.test("a value that does not open keeps its key, and is named", async () => {
    const log: string[] = [];
    await renewDataKeys(system);
    const admin = await asAdmin();
    const spoil = (statement: string) => admin.query(statement);
    await spoil("update member set preferences = '\\x01000000020000' || decode(repeat('00', 40), 'hex')");
    const watched = {
      ...later(0),
      log: { ...system.log, error: (one: object) => log.push(JSON.stringify(one)) },
    };
    const done = await resealWhatWaits(watched as unknown as System, pace);
    assert.deepEqual(done?.problems, ["public.member.preferences"]);
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [2, 3]);
    await spoil("update member set preferences = null");
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [3]);
    await admin.end();
  });

  await t.test("a column that nobody has heard of is found by its bytes", async () => {
    const admin = await asAdmin();
    await admin.query("alter table share add column secret_note bytea");
    const keys = await system.keyring.tenant(id);
    const ctx = workspace.job();
    await renewDataKeys(system);
    const piet = await workspace.hire("Piet", "viewer");
    await share(
      mara.as("document.share"),
      { kind: "document", id: items[0]?.id ?? "" },
      { with: { kind: "member", id: piet.id }, access: "read" },
    );
    const { rows } = await admin.query<{ share_id: string }>("select share_id from share limit 1");
    const cell = { table: "share", column: "secret_note", row: rows[0]?.share_id ?? "" };
    await admin.query("update share set secret_note = $1", [keys.seal(cell, "a note")]);
    assert.ok((await countSealed(ctx)).some((c) => c.column === "secret_note" && c.version === 3));
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    await resealWhatWaits(later(OLD_KEY_STAYS * 3), pace);
    assert.deepEqual(await dataKeys(), [4]);
    const { rows: after } = await admin.query<{ secret_note: Buffer }>(
      "select secret_note from share limit 1",
    );
    const now = await system.keyring.tenant(id);
    assert.equal(now.openText(cell, after[0]?.secret_note ?? Buffer.alloc(0)), "a note");
    await admin.end();
  });

  await t.test(
    "files and rows name no key but the newest; the other workspace has its own pace",
    async () => {
      for (const one of [workspace, other]) {
        const { needed } = await versionsInUse(one.job());
        const newest = (await system.keyring.look(one.tenant.id))?.keys.at(-1)?.version;
        assert.deepEqual([...needed], needed.size === 0 ? [] : [newest]);
      }
      const stale = (await countSealed(workspace.job())).filter((c) => c.version !== 4 && !isUnchangeable(c));
      assert.deepEqual(stale, []);
      const file =
        (await read(workspace.job(), db.selectFrom("document").select("file").limit(1)))[0][0]?.file ?? "";
      const header = await readFile(join(system.config.home, "files", file.slice(0, 2), file));
      assert.equal(header.readUInt32BE(8), 4);
    },
  );
});

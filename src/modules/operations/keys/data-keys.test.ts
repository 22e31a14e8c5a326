import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { openStand, upload } from "../../../../test/support/knowledge.ts";
import { record } from "../../../kernel/audit.ts";
import { days, minutes } from "../../../kernel/clock.ts";
import { keysOf } from "../../../kernel/context.ts";
import { sealedVersion } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import type { System } from "../../../kernel/system.ts";
import { getDocument, renameDocument } from "../../knowledge/documents/service.ts";
import { searchPassages } from "../../knowledge/service.ts";
import { share } from "../../knowledge/sharing/shares.ts";
import { nameOf } from "../backup/places.ts";
import { markOf } from "../backup/signing.ts";
import { OLD_KEY_STAYS, renewDataKeys, resealWhatWaits, versionsInUse } from "./data-keys.ts";
import { keptDays } from "./old-keys.ts";
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
  const kindsOfKeys = async () =>
    (await system.keyring.look(id))?.keys.map(({ use, version }) => `${use} ${version}`);
  const day = days(1);
  const admin = await asAdmin();
  admin.on("error", () => undefined); // the database ends before it where something has failed
  // As a backup of that time has it: a row, and the file that it names.
  const { rows: backedUp } = await admin.query<{ document_id: string; name: Buffer }>(
    "select document_id, name from document where tenant_id = $1 limit 1",
    [id],
  );

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
    assert.deepEqual(await kindsOfKeys(), ["hash 1", "old 1", "data 2"]);
    await everythingOpens();
    const another = day + minutes(60);
    assert.equal((await resealWhatWaits(later(another), pace))?.tenants, 2, "looked at daily");
    assert.equal((await resealWhatWaits(later(another + OLD_KEY_STAYS), pace))?.tenants, 0);
    assert.deepEqual(await kindsOfKeys(), ["hash 1", "old 1", "data 2"]);
  });

  await t.test("what a backup from before brings back opens, and is sealed with the newest key", async () => {
    const row = backedUp[0] ?? assert.fail();
    assert.equal(sealedVersion(row.name), 1);
    const put = [row.name, row.document_id, id];
    await admin.query("update document set name = $1 where document_id = $2 and tenant_id = $3", put);
    const [rows] = await read(
      workspace.job(),
      db.selectFrom("document").select("name").where("document_id", "=", row.document_id),
    );
    assert.equal(sealedVersion(rows[0]?.name ?? Buffer.alloc(0)), 1);
    assert.ok(names.includes((await getDocument(mara.as(), row.document_id)).name));
    await resealWhatWaits(later(3 * day), pace);
    assert.deepEqual([...(await versionsInUse(workspace.job())).needed], [2]);
    assert.ok(names.includes((await getDocument(mara.as(), row.document_id)).name));
  });

  await t.test("an old key goes when no backup is left that may need it", async () => {
    assert.deepEqual(
      [keptDays({ kind: "days", days: 30 }), keptDays({ kind: "daily-weekly", daily: 7, weekly: 4 })],
      [31, 36],
    );
    await resealWhatWaits(later(35 * day), pace);
    assert.deepEqual(await kindsOfKeys(), ["hash 1", "old 1", "data 2"]);
    const backups = join(system.config.home, "backups");
    const id = `${await markOf(system)}012345`;
    const earlier = { kind: "data", at: new Date(Date.now() - minutes(5)), id } as const;
    await mkdir(backups, { recursive: true });
    await writeFile(join(backups, nameOf(earlier)), "");
    await resealWhatWaits(later(40 * day), pace);
    assert.deepEqual(await kindsOfKeys(), ["hash 1", "old 1", "data 2"], "an older backup is still there");
    await rm(join(backups, nameOf(earlier)));
    await resealWhatWaits(later(42 * day), pace);
    assert.deepEqual(await kindsOfKeys(), ["hash 1", "audit 1", "data 2"]);
    await everythingOpens();
  });

  await t.test("while stored files cannot be looked at, every key stays, and it is said", async () => {
    await renewDataKeys(system);
    const log: string[] = [];
    const withFilesAway = (of: System): System => ({
      ...of,
      log: {
        ...system.log,
        error: (one: object) => log.push(JSON.stringify(one)),
      } as unknown as System["log"],
      files: {
        ...system.files,
        keyVersion: () => Promise.reject(new Error("ENOENT, or the bucket is away")),
      },
    });
    await resealWhatWaits(withFilesAway(later(0)), pace);
    assert.ok((await versionsInUse({ ...workspace.job(), system: withFilesAway(system) })).unread >= 3);
    await resealWhatWaits(withFilesAway(later(OLD_KEY_STAYS + minutes(1))), pace);
    assert.deepEqual(await dataKeys(), [2, 3]);
    assert.ok(log.some((line) => /"unread":[3-9]/.test(line)));
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [3]);
    await everythingOpens();
  });

  await t.test("a value that does not open keeps its key, and is named", async () => {
    const log: string[] = [];
    await renewDataKeys(system);
    const spoil = (statement: string) => admin.query(statement);
    await spoil("update member set preferences = '\\x01000000020000' || decode(repeat('00', 40), 'hex')");
    const watched = {
      ...later(0),
      log: { ...system.log, error: (one: object) => log.push(JSON.stringify(one)) },
    };
    const done = await resealWhatWaits(watched as unknown as System, pace);
    assert.deepEqual(done?.problems, ["public.member.preferences"]);
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [3, 4]);
    await spoil("update member set preferences = null");
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    assert.deepEqual(await dataKeys(), [4]);
  });

  await t.test("a column that nobody has heard of is found by its bytes", async () => {
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
    assert.ok((await countSealed(ctx)).some((c) => c.column === "secret_note" && c.version === 4));
    await resealWhatWaits(later(OLD_KEY_STAYS + minutes(1)), pace);
    await resealWhatWaits(later(OLD_KEY_STAYS * 3), pace);
    assert.deepEqual(await dataKeys(), [5]);
    const { rows: after } = await admin.query<{ secret_note: Buffer }>(
      "select secret_note from share limit 1",
    );
    const now = await system.keyring.tenant(id);
    assert.equal(now.openText(cell, after[0]?.secret_note ?? Buffer.alloc(0)), "a note");
  });

  await t.test(
    "files and rows name no key but the newest; the other workspace has its own pace",
    async () => {
      for (const one of [workspace, other]) {
        const { needed } = await versionsInUse(one.job());
        const newest = (await system.keyring.look(one.tenant.id))?.keys.at(-1)?.version;
        assert.deepEqual([...needed], needed.size === 0 ? [] : [newest]);
      }
      const stale = (await countSealed(workspace.job())).filter((c) => c.version !== 5 && !isUnchangeable(c));
      assert.deepEqual(stale, []);
      const file =
        (await read(workspace.job(), db.selectFrom("document").select("file").limit(1)))[0][0]?.file ?? "";
      const header = await readFile(join(system.config.home, "files", file.slice(0, 2), file));
      assert.equal(header.readUInt32BE(8), 5);
    },
  );
  await admin.end();
});

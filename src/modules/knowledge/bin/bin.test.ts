import assert from "node:assert/strict";
import { test } from "node:test";
import { addReady, type Member, openStand, openToAll, upload } from "../../../../test/support/knowledge.ts";
import { asSuperuser, meetingAt } from "../../../../test/support/stage.ts";
import { days, later } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import "../../identity/permissions.ts";
import { listNotices } from "../../identity/notices/service.ts";
import { createRole } from "../../identity/roles/own-roles.ts";
import { changeRole } from "../../tenancy/members/service.ts";
import "../../tenancy/permissions.ts";
import { documentHistory } from "../documents/history.ts";
import { listDocuments } from "../documents/listing.ts";
import { deleteMany, moveMany } from "../documents/many.ts";
import { getDocument, readPassages } from "../documents/service.ts";
import { uploadDocuments } from "../documents/upload.ts";
import { createFolder, getFolder, listFolders } from "../folders/service.ts";
import { readableDocuments, searchPassages } from "../service.ts";
import { reachOf } from "../sharing/reach.ts";
import { share } from "../sharing/shares.ts";
import { storageOf } from "../storage/quotas.ts";
import { deleteDocument, deleteFolder, partsOf } from "./deleting.ts";
import { listBin } from "./listing.ts";
import { restoreMany } from "./many.ts";
import { emptyBin, purgeBinned } from "./purging.ts";
import { restoreBinned } from "./restoring.ts";
import { askForTidying, tidyLibrary } from "./tidying.ts";

const notFound = { code: "not_found" };

test("the bin", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, nils] = [await workspace.hire("Mara", "manager"), await workspace.hire("Nils", "manager")];
  const elsewhere = await (await stand.workspace("bexley")).hire("Idris", "owner");
  const remove = (who: Member, id: string) => deleteDocument(who.as("document.delete"), id);
  const restore = (who: Member, id: string) => restoreBinned(who.as("bin.restore"), id);
  const purge = (who: Member, id: string) => purgeBinned(who.as("bin.empty"), id);
  const folder = async (who: Member, name: string, parent: string | null = null) =>
    (await createFolder(who.as("folder.create"), { name, parent })).id;
  const bin = async (who: Member, ctx: Ctx = who.as("bin.see")) =>
    (await listBin(ctx, { cursor: undefined, limit: 50 })).items;
  const into = async (who: Member, place: string | null, name = "note.md") => {
    async function* parts() {
      const { Readable } = await import("node:stream");
      yield { name, stream: Readable.from([Buffer.from("Lanterns burn in the boathouse.")]), folder: place };
    }
    const { items } = await uploadDocuments(who.as("document.upload"), parts());
    return items[0]?.id ?? "";
  };
  const sees = (who: Member, id: string) =>
    getDocument(who.as(), id).then(
      (document) => document.folder ?? "top",
      (error: { code: string }) => error.code,
    );

  await t.test(
    "deleted, a document is nowhere at once, for anybody; brought back, it is where it was",
    async () => {
      const place = await folder(mara, "Rivers");
      const id = await addReady(workspace, mara, "herons.md", "Herons nest early in the reeds.");
      await moveMany(mara.as("document.move"), [id], place);
      await openToAll(mara, "folder", place);
      const found = async (who: Member) =>
        (await searchPassages(who.as("search.use"), "herons", 5)).items.map((hit) => hit.document.id);
      assert.deepEqual(await found(nils), [id]);
      await assert.rejects(remove(nils, id), { code: "forbidden" });
      await remove(mara, id);
      for (const who of [mara, nils]) {
        assert.equal(await sees(who, id), "not_found");
        assert.deepEqual(await found(who), []);
        assert.deepEqual((await listDocuments(who.as(), { limit: 50 })).items, []);
        await assert.rejects(readPassages(who.as(), id, { from: 0, limit: 1 }), notFound);
        assert.equal(
          (await readableDocuments(who.as(), reachOf(who.as()), [id])).size,
          0,
          "names in answers",
        );
        await assert.rejects(
          share(
            who.as("document.share"),
            { kind: "document", id },
            { with: { kind: "tenant", id: null }, access: "read" },
          ),
          notFound,
        );
      }
      const [entry] = await bin(mara);
      assert.deepEqual(
        [entry?.id, entry?.name, entry?.kind, entry?.from?.name, entry?.documents, entry?.by.name],
        [id, "herons.md", "document", "Rivers", 1, "Mara"],
      );
      assert.deepEqual(await bin(nils), []);
      for (const who of [nils, elsewhere]) {
        await assert.rejects(restore(who, id), notFound);
        await assert.rejects(purge(who, id), notFound);
      }
      assert.equal((await storageOf(mara.as("storage.read"))).mine.documents.used, 1, "it still counts");
      await restore(mara, id);
      assert.equal(await sees(nils, id), place);
      await workspace.settle();
      assert.deepEqual(await found(nils), [id], "its shares came back with it");
      await assert.rejects(restore(mara, id), notFound, "twice");
      await remove(mara, id);
      await purge(mara, id);
      await deleteFolder(mara.as("folder.delete"), place);
      await emptyBin(mara.as("bin.empty"));
    },
  );

  await t.test(
    "a folder takes along what others put there: they are told, and have it in their bins",
    async (folders) => {
      const outer = await folder(mara, "Outer");
      await share(
        mara.as("folder.share"),
        { kind: "folder", id: outer },
        { with: { kind: "member", id: nils.id }, access: "write" },
      );
      const inner = await folder(nils, "Inner", outer);
      const [hers, his, deep] = [await into(mara, outer), await into(nils, outer), await into(nils, inner)];
      const herDeep = await into(mara, inner);
      await deleteFolder(mara.as("folder.delete"), outer);
      for (const id of [hers, his, deep, herDeep])
        assert.deepEqual([await sees(mara, id), await sees(nils, id)], ["not_found", "not_found"]);
      assert.deepEqual(
        (await bin(mara)).map(({ id, documents }) => [id, documents]).sort(),
        [
          [outer, 4],
          [herDeep, 1],
        ].sort(),
      );
      assert.deepEqual(
        (await bin(nils)).map(({ id, by }) => [id, by.name]).sort(),
        [
          [his, "Mara"],
          [inner, "Mara"],
        ].sort(),
      );
      const notices = await listNotices(nils.as("account.use"), { cursor: undefined, limit: 5 });
      assert.match(JSON.stringify(notices), /Mara deleted a folder/);

      await folders.test("what one of them brings back is theirs alone, at their top", async () => {
        await restore(nils, his);
        assert.deepEqual([await sees(nils, his), await sees(mara, his)], ["top", "not_found"]);
        await assert.rejects(into(nils, outer), notFound, "nothing is put into what was deleted");
        await assert.rejects(into(nils, inner), notFound);
        await assert.rejects(moveMany(nils.as("document.move"), [his], outer), notFound);
      });
      await folders.test("the rest comes back with the folder", async () => {
        await restore(mara, outer);
        assert.deepEqual(
          [await sees(mara, deep), await sees(nils, hers), await sees(nils, herDeep)],
          [inner, outer, inner],
        );
        assert.equal((await getFolder(nils.as("folder.read"), inner)).parent, outer);
        assert.deepEqual([await bin(mara), await bin(nils)], [[], []]);
      });
      await folders.test("given up for ever, only its owner's part goes", async () => {
        await deleteFolder(mara.as("folder.delete"), outer);
        await purge(mara, outer);
        await restore(nils, inner);
        assert.deepEqual(
          [await sees(nils, deep), (await getFolder(nils.as("folder.read"), inner)).parent],
          [inner, null],
        );
        assert.equal(await sees(nils, herDeep), inner, "hers lay in his folder and came back with it");
        await assert.rejects(restore(mara, outer), notFound);
        const [rows] = await read(
          workspace.job(),
          db.selectFrom("document").select("document_id").where("document_id", "=", hers),
        );
        assert.deepEqual(rows, []);
      });
    },
  );

  await t.test("where the old folder is gone or closed, it comes back to the top", async () => {
    const place = await folder(nils, "His");
    const give = { with: { kind: "member", id: mara.id }, access: "write" } as const;
    await share(nils.as("folder.share"), { kind: "folder", id: place }, give);
    const id = await into(mara, place);
    await remove(mara, id);
    await asSuperuser(stand.database, (client) =>
      client.query("delete from share where folder_id = $1", [place]),
    );
    assert.equal((await bin(mara)).find((entry) => entry.id === id)?.from, null, "not its name either");
    await restore(mara, id);
    assert.equal(await sees(mara, id), "top");
  });

  await t.test("races: two deletions, two restores, a restore and a purge", async () => {
    const id = await into(mara, null);
    const lock = `select from document where document_id = '${id}' for update`;
    const once = async (begin: (() => Promise<unknown>)[], at: string) =>
      (await meetingAt<unknown>(stand, at, begin)).filter((met) => met.status === "fulfilled").length;
    assert.equal(await once([() => remove(mara, id), () => remove(mara, id)], lock), 1);
    const entry = `select from binned where binned_id = '${id}' for update`;
    assert.equal(await once([() => restore(mara, id)], entry), 1);
    await remove(mara, id);
    const both = await Promise.allSettled([restore(mara, id), restore(mara, id), purge(mara, id)]);
    assert.equal(both.filter((met) => met.status === "fulfilled").length, 1);
    await emptyBin(mara.as("bin.empty"));
  });

  await t.test("after 30 days it is gone, to the moment, with its files; before, it is not", async () => {
    await workspace.run("knowledge.tidy-library", workspace.tenant.id);
    const [kept] = (await upload(mara, { name: "kept.md", content: "Kept." })).items;
    const [old] = (await upload(mara, { name: "old.md", content: "Old." })).items;
    // Nothing goes before the database's own clock says so, too.
    const at = later(new Date(), -days(30) - 60_000);
    const file = async (id = "") =>
      (
        await read(workspace.job(), db.selectFrom("document").select("file").where("document_id", "=", id))
      )[0][0]?.file ?? "";
    const [oldFile, keptFile] = [await file(old?.id), await file(kept?.id)];
    await deleteDocument({ ...mara.as("document.delete"), clock: () => at }, old?.id ?? "");
    await remove(mara, kept?.id ?? "");
    const tidy = (now: Date) =>
      tidyLibrary.run({ ...workspace.job(), clock: () => now }, workspace.tenant.id, false);
    const before = later(at, days(30) - 1);
    assert.equal(await askForTidying({ ...stand.system, clock: () => before }), 0);
    await tidy(before);
    assert.equal((await bin(mara, { ...mara.as("bin.see"), clock: () => before })).length, 2);
    const then = later(at, days(30));
    // Sessions would have ended meanwhile: only what the bin itself says of the moment.
    assert.equal(await askForTidying({ ...stand.system, clock: () => then }), 1);
    await tidy(then);
    // What only our own clock takes for old stays.
    await tidy(later(new Date(), days(365)));
    assert.deepEqual(
      (await bin(mara)).map(({ id }) => id),
      [kept?.id],
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(
      [await stand.system.files.exists(oldFile), await stand.system.files.exists(keptFile)],
      [false, true],
    );
    await assert.rejects(restore(mara, old?.id ?? ""), notFound);
  });

  await t.test("several at once: each is answered for by itself", async () => {
    const [one, two] = [await into(mara, null), await into(mara, null)];
    const theirs = await into(nils, null);
    const foreign = await into(elsewhere, null);
    const { done, refused } = await deleteMany(mara.as("document.delete"), [one, theirs, two, foreign, one]);
    assert.deepEqual(done, [one, two]);
    assert.deepEqual(
      refused.map((r) => [r.id, r.code]),
      [
        [theirs, "not_found"],
        [foreign, "not_found"],
      ],
    );
    const back = await restoreMany(mara.as("bin.restore"), [two, theirs]);
    assert.deepEqual([back.done, back.refused.map((r) => r.code)], [[two], ["not_found"]]);
    assert.equal(await sees(elsewhere, foreign), "top");
  });

  await t.test("what lies there neither waits nor is read; brought back, it does both", async () => {
    const waiting = async () => (await storageOf(mara.as("storage.read"))).waiting.used;
    const before = await waiting();
    const place = await folder(mara, "Unread");
    const ids = [await into(mara, place), await into(mara, place), await into(mara, null)];
    const lone = ids[2] ?? "";
    assert.equal(await waiting(), before + 3);
    await deleteFolder(mara.as("folder.delete"), place);
    await remove(mara, lone);
    assert.equal(await waiting(), before);
    await workspace.settle(...ids.map((id) => ({ id })));
    const jobs = () =>
      asSuperuser(stand.database, async (client) => {
        const query =
          "select count(*)::int as n from pgboss.job where name = 'knowledge.read-document' and data->>'id' = any($1)";
        return (await client.query(query, [ids])).rows[0]?.n as number;
      });
    const asked = await jobs();
    await restore(mara, place);
    await restore(mara, lone);
    assert.deepEqual([await waiting(), await jobs()], [before + 3, asked + 3]);
    await workspace.settle(...ids.map((id) => ({ id })));
    assert.equal(await waiting(), before);
    await deleteFolder(mara.as("folder.delete"), place);
  });

  await t.test("each document that goes, comes back or ends with a folder says so itself", async () => {
    const place = await folder(mara, "Evidence");
    const inner = await folder(mara, "Inner", place);
    const ids = [await into(mara, place), await into(mara, inner)];
    const told = async (id: string, who = mara) =>
      (await documentHistory(who.as("document.history"), id, { cursor: undefined, limit: 50 })).items.map(
        ({ event, changes, by }) => [event, changes.with?.[1] ?? null, by?.name],
      );
    await deleteFolder(mara.as("folder.delete"), place);
    await restore(mara, place);
    for (const id of ids)
      assert.deepEqual((await told(id)).slice(0, 2), [
        ["document.restored", place, "Mara"],
        ["document.deleted", place, "Mara"],
      ]);
    const purged = () =>
      asSuperuser(stand.database, async (client) => {
        const query =
          "select resource_id as id, actor_kind as by from audit.entry where event = 'document.purged' and resource_id = any($1) order by 1";
        return (await client.query(query, [ids])).rows;
      });
    await deleteFolder(mara.as("folder.delete"), place);
    await emptyBin(mara.as("bin.empty"));
    await workspace.run("knowledge.tidy-library", workspace.tenant.id);
    assert.deepEqual(
      await purged(),
      ids.toSorted().map((id) => ({ id, by: "member" })),
    );
    // By time: nobody's doing, and recorded once.
    const old = await folder(mara, "Old");
    ids.splice(0, 2, await into(mara, old));
    const then = later(new Date(), -days(30) - 1000);
    await deleteFolder({ ...mara.as("folder.delete"), clock: () => then }, old);
    const after = () => later(then, days(30));
    await tidyLibrary.run({ ...workspace.job(), clock: after }, workspace.tenant.id, false);
    assert.deepEqual(await purged(), [{ id: ids[0], by: "job" }]);
  });

  await t.test("it comes back to where others see it only with the right to share", async () => {
    const boss = await workspace.hire("Olga", "owner");
    const keys = ["document.read", "document.delete", "bin.see", "bin.restore", "folder.read"];
    const { id: custom } = await createRole(boss.as("role.create"), "Keepers", keys);
    const keeper = await workspace.hire("Kim", "manager");
    const place = await folder(keeper, "Kept");
    const [id, other] = [await into(keeper, place), await into(keeper, place)];
    await remove(keeper, id);
    await remove(keeper, other);
    await changeRole(boss.as("member.change-role"), keeper.id, custom);
    await restore(keeper, other);
    assert.equal(await sees(keeper, other), place, "where nobody else sees it, it comes back");
    await asSuperuser(stand.database, (client) =>
      client.query(
        "insert into share (tenant_id, share_id, folder_id, access, created_by, created_at) values ($1, gen_random_uuid(), $2, 'read', $3, now())",
        [workspace.tenant.id, place, keeper.id],
      ),
    );
    await restore(keeper, id);
    assert.deepEqual([await sees(keeper, id), await sees(nils, id)], ["top", "not_found"]);
  });

  await t.test("emptied, nothing of one's own is left there, and others' bins are as they were", async () => {
    const [hers, his] = [await into(mara, null), await into(nils, null)];
    await remove(mara, hers);
    await remove(nils, his);
    assert.ok((await emptyBin(mara.as("bin.empty"))) > 0);
    assert.deepEqual(await bin(mara), []);
    await assert.rejects(restore(mara, hers), notFound);
    await workspace.run("knowledge.tidy-library", workspace.tenant.id);
    const [rows] = await read(
      workspace.job(),
      db.selectFrom("document").select("document_id").where("binned_id", "is not", null),
    );
    assert.deepEqual(
      rows.map((row) => row.document_id),
      [his],
    );
    assert.deepEqual(
      (await listFolders(mara.as("folder.read"))).filter((f) => f.mine),
      [],
    );
  });
});

test("what lies in a folder goes into its owner's bin, under the folder that it lay in", () => {
  const folders = [
    { id: "a", owner: "m", place: null },
    { id: "b", owner: "n", place: "a" },
    { id: "c", owner: "n", place: "b" },
  ];
  const { entries, documents } = partsOf("a", folders, [
    { id: "x", owner: "m", place: "c" },
    { id: "y", owner: "n", place: "c" },
    { id: "z", owner: "m", place: "a" },
  ]);
  assert.deepEqual(
    entries.map(({ id, owner, within }) => [id, owner, within]),
    [
      ["a", "m", null],
      ["b", "n", "a"],
      ["x", "m", "b"],
    ],
  );
  assert.deepEqual(documents, [
    { id: "x", entry: "x" },
    { id: "y", entry: "b" },
    { id: "z", entry: "a" },
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addReady,
  closeToAll,
  type Member,
  openStand,
  openToAll,
  upload,
} from "../../../../test/support/knowledge.ts";
import { asSuperuser, meetingAt } from "../../../../test/support/stage.ts";
import { newApiKey } from "../../../kernel/api-keys.ts";
import { type Ctx, noDemand } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { rightsOf } from "../../../kernel/permissions.ts";
import { createChat } from "../../assistant/chats.ts";
import { ask, readChat } from "../../assistant/service.ts";
import { listNotices } from "../../identity/notices/service.ts";
import { changeOwnRole, deleteRole } from "../../identity/roles/own-roles.ts";
import { changeMembers, createGroup } from "../../tenancy/groups/service.ts";
import { handOver, holdingsOf } from "../../tenancy/hand-over/service.ts";
import { closeOpening, listOwnOpenings, openContent } from "../../tenancy/openings/service.ts";
import "../../identity/permissions.ts";
import "../../tenancy/permissions.ts";
import { deleteDocument, deleteFolder } from "../bin/deleting.ts";
import { openOriginal } from "../documents/download.ts";
import { listDocuments } from "../documents/listing.ts";
import { getDocument, moveDocument, renameDocument } from "../documents/service.ts";
import { uploadDocuments } from "../documents/upload.ts";
import { createFolder, getFolder, listFolders, moveFolder } from "../folders/service.ts";
import { findPassages, searchPassages } from "../service.ts";
import { whoCanSee } from "./access-list.ts";
import { changeShare, endShare, type Grantee, share } from "./shares.ts";

const ALL: Grantee = { kind: "tenant", id: null };
const notFound = { code: "not_found" };
const forbidden = { code: "forbidden" };

test("sharing", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const nils = await workspace.hire("Nils", "manager");
  const olga = await workspace.hire("Olga", "manager");
  const ada = await workspace.hire("Ada", "admin");
  const omar = await workspace.hire("Omar", "owner");
  const vera = await workspace.hire("Vera", "viewer");
  const other = await stand.workspace("bexley");
  const idris = await other.hire("Idris", "owner");

  const folder = async (who: Member, name: string, parent: string | null = null) =>
    (await createFolder(who.as("folder.create"), { name, parent })).id;
  const give = async (
    who: Member,
    kind: "document" | "folder" | "chat",
    id: string,
    to: Member | Grantee,
    access: "read" | "write" = "read",
  ) => {
    const grantee = "as" in to ? ({ kind: "member", id: to.id } as const) : to;
    return (await share(who.as(`${kind}.share`), { kind, id }, { with: grantee, access })).id;
  };
  const into = async (who: Member, place: string | null, name = "note.md", content = "A note on herons.") => {
    async function* parts() {
      const { Readable } = await import("node:stream");
      yield { name, stream: Readable.from([Buffer.from(content)]), folder: place };
    }
    const { items } = await uploadDocuments(who.as("document.upload"), parts());
    return items[0]?.id ?? "";
  };
  const move = (who: Member, id: string, to: string | null) => moveDocument(who.as("document.move"), id, to);
  const sees = (who: Member, id: string) =>
    getDocument(who.as(), id).then(
      ({ access }) => access,
      (error: { code: string }) => error.code,
    );

  const readyFor = async (who: Member) =>
    (await listDocuments(who.as(), { limit: 200 })).items.filter((d) => d.state === "ready");

  await t.test("who sees it, and why: all for owner and writers, to a reader what reaches them", async () => {
    const outer = await folder(mara, "Outer");
    const inner = await folder(mara, "Inner", outer);
    const id = await into(mara, inner);
    await give(mara, "folder", outer, nils, "write");
    await give(mara, "document", id, vera);
    await give(mara, "document", id, ALL);
    const list = async (who: Member) =>
      (await whoCanSee(who.as("document.see-access"), { kind: "document", id })).shares.map((s) => [
        s.with.kind,
        s.with.name,
        s.access,
        s.inheritedFrom?.name ?? null,
      ]);
    const all = [
      ["member", "Nils", "write", "Outer"],
      ["member", "Vera", "read", null],
      ["tenant", "", "read", null],
    ];
    assert.deepEqual([await list(mara), await list(nils)], [all, all]);
    assert.deepEqual(await list(vera), all.slice(1));
    assert.deepEqual(await list(olga), all.slice(2));
    await assert.rejects(list(idris), notFound);
    assert.equal(
      (await getDocument(vera.as(), id)).folder,
      null,
      "a folder that she may not see is not named",
    );
    assert.equal((await getDocument(nils.as(), id)).folder, inner);
    const top = await listDocuments(vera.as(), { folder: "top", limit: 10 });
    assert.deepEqual(
      top.items.map((d) => d.id),
      [id],
    );
    assert.deepEqual((await listDocuments(nils.as(), { folder: "top", limit: 10 })).items, []);
    assert.equal((await listDocuments(nils.as(), { folder: inner, limit: 10 })).total, 1);
    await assert.rejects(listDocuments(vera.as(), { folder: inner, limit: 10 }), notFound);
    await assert.rejects(listDocuments(idris.as(), { folder: inner, limit: 10 }), notFound);
    await deleteDocument(mara.as("document.delete"), id);
  });

  await t.test("a share is given once to each, and only by the owner", async () => {
    const id = await into(mara, null);
    const first = await give(mara, "document", id, nils);
    assert.equal(await give(mara, "document", id, nils, "write"), first);
    assert.equal(await sees(nils, id), "write");
    await assert.rejects(give(nils, "document", id, olga), forbidden);
    await assert.rejects(give(olga, "document", id, olga), notFound);
    await assert.rejects(give(mara, "document", id, mara), { code: "invalid_input" });
    await assert.rejects(give(mara, "document", id, idris), notFound);
    await assert.rejects(give(mara, "document", id, { kind: "group", id: newId() }), notFound);
    for (const who of [nils, olga, ada, idris]) {
      await assert.rejects(changeShare(who.as("share.change"), first, "write"), notFound);
      await assert.rejects(endShare(who.as("share.end"), first), notFound);
    }
    await changeShare(mara.as("share.change"), first, "read");
    assert.equal(await sees(nils, id), "read");
    await assert.rejects(renameDocument(nils.as("document.change"), id, "x.md"), forbidden);
    await endShare(mara.as("share.end"), first);
    assert.equal(await sees(nils, id), "not_found");
    await assert.rejects(endShare(mara.as("share.end"), first), notFound);
  });

  await t.test("moving into a shared folder is sharing: the owner's, with the right to share", async () => {
    const shared = await folder(mara, "Shared");
    await give(mara, "folder", shared, nils, "write");
    await give(mara, "folder", shared, vera);
    const narrow = await folder(mara, "Narrow", shared);
    const id = await into(mara, null);
    await move(mara, id, shared);
    assert.deepEqual([await sees(nils, id), await sees(vera, id)], ["write", "read"]);
    // Nils may move it about among those who see it already, and not to where others would.
    await move(nils, id, narrow);
    const own = await folder(nils, "His");
    await move(nils, id, shared);
    await give(nils, "folder", own, olga);
    await assert.rejects(move(nils, id, own), forbidden);
    await assert.rejects(move(nils, id, null), forbidden);
    // Nor into a folder of his own in the shared one: whose owner can share what lies in it.
    const trap = await folder(nils, "Trap", shared);
    await assert.rejects(move(nils, id, trap), forbidden);
    await move(mara, id, trap);
    await move(mara, id, shared);
    await assert.rejects(move(vera, id, narrow), forbidden);
    await assert.rejects(move(olga, id, own), notFound);
    // What Nils put into Mara's folder Mara can move out again, to his top.
    const his = await into(nils, shared);
    assert.equal(await sees(mara, his), "write");
    await assert.rejects(deleteDocument(mara.as("document.delete"), his), forbidden);
    assert.equal((await move(mara, his, null)).folder, null);
    assert.equal(await sees(mara, his), "not_found");
    assert.equal((await getDocument(nils.as(), his)).folder, null);
    // Without the right to share nothing goes to where others see it.
    await asSuperuser(stand.database, async (client) => {
      const role = newId();
      const rights = ["document.read", "document.move", "document.upload", "folder.read", "folder.create"];
      await client.query(
        "insert into role (tenant_id, role_id, name, name_hash, permissions, created_at, updated_at) values ($1, $2, '', '', $3, now(), now())",
        [workspace.tenant.id, role, rights],
      );
      await client.query("update member set role = 'custom', role_id = $1 where member_id = $2", [
        role,
        olga.id,
      ]);
    });
    await give(mara, "folder", shared, olga, "write");
    const hers = await into(olga, null);
    await assert.rejects(move(olga, hers, shared), forbidden);
    await assert.rejects(into(olga, shared), forbidden);
    await assert.rejects(folder(olga, "Sub", shared), forbidden);
    assert.equal((await getDocument(olga.as(), hers)).visibility, "private");
    await asSuperuser(stand.database, (client) =>
      client.query("update member set role = 'manager', role_id = null where member_id = $1", [olga.id]),
    );
  });

  await t.test("folders make no circle, however two moves meet, and are 20 deep at most", async () => {
    const [a, b] = [await folder(olga, "A"), await folder(olga, "B")];
    await assert.rejects(moveFolder(olga.as("folder.move"), a, a), { code: "wrong_state" });
    const lock = `select from tenant_counter where tenant_id = '${workspace.tenant.id}' and counter = 'folder' for update`;
    const met = await meetingAt(stand, lock, [
      () => moveFolder(olga.as("folder.move"), a, b),
      () => moveFolder(olga.as("folder.move"), b, a),
    ]);
    assert.deepEqual(met.map((m) => m.status).sort(), ["fulfilled", "rejected"]);
    const listed = await listFolders(olga.as("folder.read"));
    assert.equal(listed.filter((f) => [a, b].includes(f.id) && f.parent !== null).length, 1);
    let deepest = await folder(olga, "1");
    const first = deepest;
    for (let i = 2; i <= 20; i++) deepest = await folder(olga, String(i), deepest);
    await assert.rejects(folder(olga, "21", deepest), { code: "wrong_state" });
    const [c, d] = [await folder(olga, "C"), await folder(olga, "D")];
    await moveFolder(olga.as("folder.move"), d, c);
    await assert.rejects(moveFolder(olga.as("folder.move"), first, c), { code: "wrong_state" });
    await asSuperuser(stand.database, async (client) => {
      // What the triggers kept is what a search from the bottom finds.
      const { rows } = await client.query(
        `with recursive up as (
           select tenant_id, folder_id, folder_id as above_id, parent_id from folder
           union all
           select up.tenant_id, up.folder_id, f.folder_id, f.parent_id from up join folder f on f.folder_id = up.parent_id)
         (select folder_id, above_id from up except select folder_id, above_id from folder_above)
         union all (select folder_id, above_id from folder_above except select folder_id, above_id from up)`,
      );
      assert.deepEqual(rows, []);
    });
  });

  await t.test(
    "a folder goes with all that is in it; an upload that meets it goes along, or does not find it",
    async () => {
      const place = await folder(mara, "Place");
      await assert.rejects(deleteFolder(nils.as("folder.delete"), place), notFound);
      const lock = `select from folder where folder_id = '${place}' for update`;
      const met = await meetingAt<unknown>(stand, lock, [
        () => deleteFolder(mara.as("folder.delete"), place),
        () => into(mara, place),
      ]);
      const [deleted, added] = met;
      assert.equal(deleted?.status, "fulfilled");
      await assert.rejects(getFolder(mara.as("folder.read"), place), notFound);
      if (added?.status === "fulfilled")
        await assert.rejects(getDocument(mara.as(), added.value as string), notFound);
      await assert.rejects(into(mara, newId()), notFound);
    },
  );

  await t.test("taken back while a download runs, the rest does not come", async () => {
    const large = "Herons nest early. ".repeat(300_000);
    const { items } = await upload(mara, { name: "large.txt", content: large });
    const id = items[0]?.id ?? "";
    await openToAll(mara, "document", id);
    const { stream } = await openOriginal(vera.as("document.download"), id);
    let bytes = 0;
    await assert.rejects(async () => {
      for await (const piece of stream) {
        if (bytes === 0) await closeToAll(mara, "document", id);
        bytes += (piece as Buffer).length;
      }
    }, notFound);
    assert.ok(bytes > 0 && bytes < 2 * 1024 * 1024, `${bytes} bytes`);
    await deleteDocument(mara.as("document.delete"), id);
  });

  await t.test("searching while it is taken back: found before, not after, and scored alone", async () => {
    const place = await folder(nils, "Birds");
    const id = await addReady(workspace, nils, "birds.md", "The bittern booms at dusk.");
    await move(nils, id, place);
    const before = await findPassages(workspace.job(), vera.id, "bittern", 5);
    assert.deepEqual([before.items.length, before.documents], [0, (await readyFor(vera)).length]);
    const shared = await give(nils, "folder", place, vera);
    assert.equal((await searchPassages(vera.as("search.use"), "bittern", 5)).items.length, 1);
    const searching = Array.from({ length: 8 }, () => searchPassages(vera.as("search.use"), "bittern", 5));
    await endShare(nils.as("share.end"), shared);
    await Promise.all(searching);
    assert.deepEqual((await searchPassages(vera.as("search.use"), "bittern", 5)).items, []);
  });
  await t.test("a key that is bound to a folder reaches that folder, and what lies in it", async () => {
    const bound = await folder(mara, "Bound");
    const sub = await folder(mara, "Sub", bound);
    const inside = await into(mara, sub);
    const outside = await into(mara, null);
    const elsewhere = await into(mara, await folder(mara, "Elsewhere"));
    const { hash, prefix } = newApiKey();
    const keyId = newId();
    await asSuperuser(stand.database, (client) =>
      client.query(
        `insert into api_key (tenant_id, key_id, member_id, name, prefix, key_hash, permissions, folder_id, networks, created_at, expires_at)
         values ($1, $2, $3, '', $4, $5, $6, $7, '{}', now(), now() + interval '1 day')`,
        [workspace.tenant.id, keyId, mara.id, prefix, hash, KEY_RIGHTS, bound],
      ),
    );
    const key = {
      id: mara.id,
      sessionId: "",
      as: (permission = "document.read"): Ctx => ({
        ...mara.as(permission),
        actor: { kind: "key", memberId: mara.id, keyId, hash },
        demand: { ...noDemand, permission },
      }),
    };
    assert.deepEqual(
      [await sees(key, inside), await sees(key, outside), await sees(key, elsewhere)],
      ["own", "not_found", "not_found"],
    );
    assert.deepEqual(
      (await listDocuments(key.as(), { limit: 50 })).items.map((d) => d.id),
      [inside],
    );
    assert.deepEqual(
      (await listFolders(key.as("folder.read"))).map((f) => [f.id, f.parent]).sort(),
      [
        [bound, null],
        [sub, bound],
      ].sort(),
    );
    await assert.rejects(into(key, null), forbidden);
    await assert.rejects(folder(key, "Top"), forbidden);
    await assert.rejects(move(key, inside, null), forbidden);
    await assert.rejects(createChat(key.as("chat.create")), forbidden);
    const chat = (await createChat(mara.as("chat.create"))).id;
    await assert.rejects(whoCanSee(key.as("chat.see-access"), { kind: "chat", id: chat }), notFound);
    assert.equal(await sees(key, await into(key, sub)), "own");
    await assert.rejects(into(key, await folder(mara, "Another")), notFound);
    await asSuperuser(stand.database, (client) =>
      client.query("update api_key set folder_id = $1 where key_id = $2", [newId(), keyId]),
    );
    assert.equal(await sees(key, inside), "not_found", "a key whose folder is gone reaches nothing");
  });

  await t.test("an admin reads others' content by an opening alone, for its time and not more", async () => {
    const place = await folder(mara, "Mine");
    const id = await into(mara, place);
    const open = (who: Member, kind: "document" | "folder" | "member", of: string) =>
      openContent(who.as("content.open"), { of: { kind, id: of }, reason: "Illness", minutes: 5 });
    assert.equal(await sees(ada, id), "not_found");
    const { id: opening } = await open(ada, "folder", place);
    assert.equal(await sees(ada, id), "read");
    assert.equal(await sees(omar, id), "not_found", "another admin's opening is not theirs");
    await assert.rejects(renameDocument(ada.as("document.change"), id, "x.md"), forbidden);
    assert.equal((await searchPassages(ada.as("search.use"), "herons", 5)).items.length, 0);
    // What somebody else puts there was not opened: they were not told.
    await give(mara, "folder", place, nils, "write");
    const later = await into(nils, place);
    assert.equal(await sees(ada, later), "not_found");
    const entries = () =>
      asSuperuser(stand.database, async (client) => {
        const { rows } = await client.query(
          "select resource_id from audit.entry where tenant_id = $1 and event = 'content.read' and resource_id = $2",
          [workspace.tenant.id, id],
        );
        return rows.length;
      });
    await sees(ada, id);
    assert.equal(await entries(), 1, "each object once for an opening");
    const { openings } = await whoCanSee(mara.as(), { kind: "document", id });
    assert.deepEqual(
      openings.map((o) => [o.by.name, o.reason]),
      [["Ada", "Illness"]],
    );
    assert.deepEqual((await whoCanSee(nils.as(), { kind: "document", id })).openings, []);
    await asSuperuser(stand.database, (client) =>
      client.query("update opening set until = now() where opening_id = $1", [opening]),
    );
    assert.equal(await sees(ada, id), "not_found");
    await assert.rejects(closeOpening(ada.as("content.close"), opening), { code: "wrong_state" });
    // A role that is lowered meanwhile ends it.
    await open(ada, "member", mara.id);
    assert.equal(await sees(ada, id), "read");
    const rank = (role: string) =>
      asSuperuser(stand.database, (client) =>
        client.query("update member set role = $1 where member_id = $2", [role, ada.id]),
      );
    await rank("manager");
    assert.equal(await sees(ada, id), "not_found");
    await rank("admin");
    assert.equal(await sees(ada, id), "not_found");
    // So does a role of the workspace's own that loses the right to open, also when it gets it back.
    const asAdmin = [...rightsOf({ role: "admin", granted: null }, "customer")];
    const keeper = newId();
    const sql = (text: string, values: unknown[]) =>
      asSuperuser(stand.database, (client) => client.query(text, values));
    await sql("insert into role values ($1, $2, 'Keeper', 'keeper', $3, now(), now())", [
      workspace.tenant.id,
      keeper,
      asAdmin,
    ]);
    await sql("update member set role = 'custom', role_id = $1 where member_id = $2", [keeper, ada.id]);
    await open(ada, "member", mara.id);
    assert.equal(await sees(ada, id), "read");
    for (const change of ["array_remove(permissions, 'content.open')", "permissions || '{content.open}'"])
      await sql(`update role set permissions = ${change} where role_id = $1`, [keeper]);
    assert.equal(await sees(ada, id), "not_found");
    await sql("update member set role = 'admin', role_id = null where member_id = $1", [ada.id]);
    const owners = await into(omar, null);
    await assert.rejects(open(ada, "document", owners), forbidden);
    await assert.rejects(open(ada, "member", omar.id), forbidden);
    await assert.rejects(open(ada, "member", idris.id), notFound);
    await assert.rejects(open(ada, "document", newId()), notFound);
    await assert.rejects(open(ada, "member", ada.id), { code: "wrong_state" });
  });

  await t.test("groups: in or out at once, and nobody lets themself in to what others shared", async () => {
    const { id: group } = await createGroup(ada.as("group.create"), "Lettings");
    await assert.rejects(createGroup(ada.as("group.create"), "ＬETTINGS"), { code: "name_taken" });
    const members = (who: Member, add: Member[], remove: Member[] = []) =>
      changeMembers(who.as("group.members"), group, {
        add: add.map((m) => m.id),
        remove: remove.map((m) => m.id),
      });
    await members(ada, [ada]);
    await members(ada, [], [ada]);
    const id = await into(mara, null);
    await give(mara, "document", id, { kind: "group", id: group });
    await assert.rejects(members(ada, [ada]), forbidden);
    await members(ada, [vera]);
    assert.equal(await sees(vera, id), "read");
    await members(ada, [], [vera]);
    assert.equal(await sees(vera, id), "not_found");
    await assert.rejects(members(ada, [idris]), notFound);
    await assert.rejects(members(ada, [], [idris]), notFound);
    await assert.rejects(
      changeMembers(idris.as("group.members"), group, { add: [idris.id], remove: [] }),
      notFound,
    );
  });

  await t.test("what is listed and what is found by its id are the same, for everybody", async () => {
    const all = await asSuperuser(stand.database, async (client) => {
      const { rows } = await client.query(
        "select document_id as id from document where tenant_id = $1 union select folder_id from folder where tenant_id = $1",
        [workspace.tenant.id],
      );
      return rows.map((row) => row.id as string);
    });
    assert.ok(all.length > 40, `only ${all.length} objects`);
    for (const who of [mara, nils, olga, ada, omar, vera]) {
      const listed = [
        ...(await listDocuments(who.as(), { limit: 200 })).items,
        ...(await listFolders(who.as("folder.read"))),
      ];
      const found: string[] = [];
      for (const id of all) {
        const one = await getDocument(who.as(), id).catch(() =>
          getFolder(who.as("folder.read"), id).catch(() => null),
        );
        // Lists do not look for others with the same content.
        if (one) found.push(JSON.stringify("duplicates" in one ? { ...one, duplicates: [] } : one));
      }
      assert.deepEqual(found.sort(), listed.map((one) => JSON.stringify(one)).sort());
    }
  });

  await t.test("what a removed member held stays closed until it is handed over", async () => {
    const rosa = await workspace.hire("Rosa", "manager");
    const place = await folder(rosa, "Hers");
    const id = await into(rosa, place);
    const chat = (await createChat(rosa.as("chat.create"))).id;
    await give(rosa, "folder", place, nils);
    const others = await into(mara, null);
    await give(mara, "document", others, rosa);
    const over = (who: Member, from: string, to: string) => handOver(who.as("member.hand-over"), from, to);
    await assert.rejects(over(ada, rosa.id, olga.id), { code: "wrong_state" });
    await unit(workspace.job(), (ctx) =>
      write(ctx, db.updateTable("member").set({ status: "removed" }).where("member_id", "=", rosa.id)),
    );
    assert.deepEqual((await whoCanSee(mara.as(), { kind: "document", id: others })).shares, []);
    assert.deepEqual([await sees(ada, id), await sees(nils, id)], ["not_found", "read"]);
    const of = { kind: "member", id: rosa.id } as const;
    await assert.rejects(openContent(ada.as("content.open"), { of, reason: "Curiosity", minutes: 5 }), {
      code: "wrong_state",
    });
    assert.deepEqual(await holdingsOf(ada.as("member.see-holdings"), rosa.id), {
      documents: 1,
      folders: 1,
      chats: 1,
      groups: 0,
    });
    for (const [from, to] of [
      [idris.id, olga.id],
      [rosa.id, idris.id],
    ] as const)
      await assert.rejects(over(ada, from, to), notFound);
    await over(ada, rosa.id, nils.id);
    assert.deepEqual([await sees(nils, id), await sees(ada, id)], ["own", "not_found"]);
    assert.deepEqual((await whoCanSee(nils.as(), { kind: "folder", id: place })).shares, []);
    assert.equal((await whoCanSee(nils.as(), { kind: "chat", id: chat })).owner.id, nils.id);
    await assert.rejects(over(ada, rosa.id, olga.id), { code: "wrong_state" });
  });

  const as = (text: string, values: unknown[]) =>
    asSuperuser(stand.database, (client) => client.query(text, values));
  const become = (who: Member, role: string) =>
    as("update member set role = $1, role_id = null where member_id = $2", [role, who.id]);
  const remove = (who: Member) => as("update member set status = 'removed' where member_id = $1", [who.id]);
  const over = (who: Member, from: Member, to: Member) =>
    handOver(who.as("member.hand-over"), from.id, to.id);
  const told = async (who: Member, kind: string) =>
    (await listNotices(who.as("notice.read"), { limit: 50 })).items.filter((n) => n.kind === kind);
  const question = (who: Member, chat: string, text: string) => ask(who.as("chat.ask"), chat, text);
  const openFor = (who: Member, kind: "document" | "folder" | "chat" | "member", id: string) =>
    openContent(who.as("content.open"), { of: { kind, id }, reason: "Illness", minutes: 5 });

  await t.test("handing over a folder gives away what others have in it: not of who holds more", async () => {
    const rosa = await workspace.hire("Rosalind", "manager");
    const place = await folder(rosa, "Board");
    await give(rosa, "folder", place, omar, "write");
    await give(rosa, "folder", place, olga, "write");
    const board = await into(omar, place);
    // However deep, and in a folder of somebody else.
    const below = await folder(olga, "Below", place);
    const hers = await into(olga, below);
    await remove(rosa);
    await assert.rejects(over(ada, rosa, ada), forbidden);
    await assert.rejects(over(ada, rosa, nils), forbidden);
    assert.deepEqual([await sees(ada, board), await sees(nils, board)], ["not_found", "not_found"]);
    await over(omar, rosa, nils);
    assert.deepEqual([await sees(nils, board), await sees(nils, hers)], ["write", "write"]);
    assert.match((await told(olga, "owner-changed"))[0]?.text ?? "", /Rosalind .*Nils/);
    assert.deepEqual(
      [(await told(omar, "owner-changed")).length, (await told(nils, "owner-changed")).length],
      [0, 0],
      "who did it and who got it know",
    );
  });

  await t.test("handing over a chat shows what others asked in it: not of who holds more", async () => {
    const rosa = await workspace.hire("Rosamund", "manager");
    const chat = (await createChat(rosa.as("chat.create"))).id;
    await give(rosa, "chat", chat, omar, "write");
    await question(omar, chat, "Shall we dismiss Ada in March?");
    await remove(rosa);
    await assert.rejects(over(ada, rosa, ada), forbidden);
    // To them alone: who gets it is who asked.
    await over(ada, rosa, omar);
    assert.equal((await readChat(omar.as("chat.read"), chat)).owner.id, omar.id);
  });

  await t.test("an opening of a chat shows what those asked who were told of it", async () => {
    const chat = (await createChat(mara.as("chat.create"))).id;
    await question(mara, chat, "When does the lease end?");
    for (const who of [omar, nils]) await give(mara, "chat", chat, who, "write");
    await question(nils, chat, "How large is the garden?");
    const texts = async () =>
      (await readChat(ada.as("chat.read"), chat)).messages
        .filter((m) => m.author === "person")
        .map((m) => [m.by?.name ?? null, m.text]);
    const UNTOLD = "Of somebody who was not told of this opening.";
    // Of all that is Mara's: Nils was not told.
    await openFor(ada, "member", mara.id);
    assert.deepEqual(await texts(), [
      ["Mara", "When does the lease end?"],
      [null, UNTOLD],
    ]);
    const before = (await told(nils, "access-opened")).length;
    await openFor(ada, "chat", chat);
    assert.equal((await told(nils, "access-opened")).length, before + 1);
    await question(omar, chat, "Shall we dismiss Ada in March?");
    assert.deepEqual(await texts(), [
      ["Mara", "When does the lease end?"],
      ["Nils", "How large is the garden?"],
      [null, UNTOLD],
    ]);
    const { messages } = await readChat(ada.as("chat.read"), chat);
    assert.deepEqual(
      messages.map((m) => m.author),
      ["person", "assistant", "person", "assistant", "person"],
      "nor is the answer shown",
    );
    await assert.rejects(openFor(ada, "chat", chat), forbidden);
    assert.equal((await readChat(mara.as("chat.read"), chat)).messages.at(-2)?.by?.name, "Omar");
    // What is one's own is not opened because others asked in it.
    const own = (await createChat(ada.as("chat.create"))).id;
    await give(ada, "chat", own, nils, "write");
    await question(nils, own, "Whose is it?");
    await assert.rejects(openFor(ada, "chat", own), { code: "wrong_state" });
  });

  await t.test(
    "an opening ends for those who are removed or get another role, with the last for all",
    async () => {
      const kim = await workspace.hire("Kim", "manager");
      const place = await folder(kim, "Kim's");
      await give(kim, "folder", place, nils, "write");
      const [his, kims] = [await into(nils, place), await into(kim, place)];
      const live = async (who: Member) =>
        (await listOwnOpenings(who.as("account.openings"))).filter((o) => o.of.id === place && !o.ended)
          .length;
      const { id } = await openFor(ada, "folder", place);
      assert.deepEqual([await sees(ada, his), await sees(ada, kims)], ["read", "read"]);
      await become(kim, "owner");
      assert.deepEqual([await sees(ada, his), await sees(ada, kims)], ["read", "not_found"]);
      assert.deepEqual([await live(kim), await live(nils)], [0, 1]);
      assert.equal((await listOwnOpenings(kim.as("account.openings"))).length, 1, "it stays on record");
      await become(nils, "admin");
      await become(nils, "manager");
      assert.equal(await sees(ada, his), "not_found");
      await assert.rejects(closeOpening(ada.as("content.close"), id), { code: "wrong_state" });
      await become(kim, "manager");
      await openFor(ada, "member", kim.id);
      assert.equal(await sees(ada, kims), "read");
      const clerk = newId();
      await as("insert into role values ($1, $2, 'Clerk', 'clerk', $3, now(), now())", [
        workspace.tenant.id,
        clerk,
        ["document.read"],
      ]);
      await as("update member set role = 'custom', role_id = $1 where member_id = $2", [clerk, kim.id]);
      await openFor(ada, "member", kim.id);
      const grant = (rights: string[]) =>
        as("update role set permissions = $1 where role_id = $2", [rights, clerk]);
      await grant([]);
      assert.equal(await sees(ada, kims), "read");
      await grant(["policy.change"]);
      assert.equal(await sees(ada, kims), "not_found");
      await become(kim, "manager");
      await openFor(ada, "member", kim.id);
      await remove(kim);
      assert.equal(await sees(ada, kims), "not_found");
    },
  );

  await t.test("a role keeps its rights while something is left of a removed member who had it", async () => {
    const lee = await workspace.hire("Lee", "manager");
    await into(lee, null);
    const chief = newId();
    const rights = ["document.read", "policy.change"];
    await as("insert into role values ($1, $2, $3, 'chief', $4, now(), now())", [
      workspace.tenant.id,
      chief,
      (await stand.system.keyring.tenant(workspace.tenant.id)).seal(
        { table: "role", column: "name", row: chief },
        "Chief",
      ),
      rights,
    ]);
    await as("update member set role = 'custom', role_id = $1 where member_id = $2", [chief, lee.id]);
    await remove(lee);
    const change = (permissions: string[]) => changeOwnRole(omar.as("role.change"), chief, { permissions });
    const drop = () => deleteRole(omar.as("role.delete"), chief);
    await assert.rejects(over(ada, lee, ada), forbidden);
    await assert.rejects(drop(), { code: "in_use" });
    await assert.rejects(change(["document.read"]), { code: "in_use" });
    await change([...rights, "document.share"]);
    await assert.rejects(over(ada, lee, ada), forbidden);
    await over(omar, lee, nils);
    await change(["document.read"]);
    await drop();
  });

  await t.test("of a folder out of reach not even the id is told", async () => {
    const outer = await folder(mara, "Outermost");
    const middle = await folder(mara, "Middle", outer);
    const inner = await folder(mara, "Innermost", middle);
    const id = await into(mara, inner);
    await give(mara, "folder", outer, vera);
    await as("update opening set ended_at = now() where opened_by = $1 and ended_at is null", [ada.id]);
    await openFor(ada, "document", id);
    assert.equal((await getDocument(ada.as(), id)).folder, null);
    await openFor(ada, "folder", inner);
    assert.equal((await getDocument(ada.as(), id)).folder, inner);
    assert.equal((await getFolder(ada.as("folder.read"), inner)).parent, null);
    assert.equal((await getFolder(mara.as("folder.read"), inner)).parent, middle);
    assert.equal((await getDocument(vera.as(), id)).folder, inner);
    // To whom only the document is given, to write: every share, of folders above without what they are.
    await give(mara, "document", id, nils, "write");
    const his = await into(nils, null);
    await give(nils, "folder", await folder(nils, "Free"), mara, "write");
    const list = (who: { as(permission?: string): Ctx }) =>
      whoCanSee(who.as("document.see-access"), { kind: "document", id });
    const { shares } = await list(nils);
    assert.deepEqual(
      shares.map((s) => [s.with.name, s.inheritedFrom]),
      [
        ["Vera", { id: null, name: "" }],
        ["Nils", null],
      ],
    );
    assert.ok(![outer, middle, inner].some((each) => JSON.stringify(shares).includes(each)));
    // The owner of folders above, once, with no id of theirs.
    await give(mara, "folder", inner, nils, "write");
    const put = await into(nils, inner);
    await as("delete from share where folder_id = $1 and member_id = $2", [inner, nils.id]);
    const above = await whoCanSee(nils.as("document.see-access"), { kind: "document", id: put });
    assert.deepEqual(
      above.shares.map((s) => [s.id, s.with.name, s.inheritedFrom]).filter(([, name]) => name === "Mara"),
      [[mara.id, "Mara", { id: null, name: "" }]],
    );
    assert.equal((await getDocument(nils.as(), his)).folder, null);
    // A key that is bound to a folder.
    const { hash, prefix } = newApiKey();
    const keyId = newId();
    await as(
      `insert into api_key (tenant_id, key_id, member_id, name, prefix, key_hash, permissions, folder_id, networks, created_at, expires_at)
       values ($1, $2, $3, '', $4, $5, $6, $7, '{}', now(), now() + interval '1 day')`,
      [workspace.tenant.id, keyId, mara.id, prefix, hash, [...KEY_RIGHTS, "document.see-access"], inner],
    );
    const key = {
      as: (permission = "document.read"): Ctx => ({
        ...mara.as(permission),
        actor: { kind: "key", memberId: mara.id, keyId, hash },
        demand: { ...noDemand, permission },
      }),
    };
    assert.equal((await getFolder(key.as("folder.read"), inner)).parent, null);
    assert.equal((await getDocument(key.as(), id)).folder, inner);
    assert.deepEqual(
      (await list(key)).shares.map((s) => s.with.name),
      ["Nils"],
    );
  });
});

const KEY_RIGHTS = [
  "document.read",
  "document.upload",
  "document.move",
  "document.share",
  "folder.read",
  "folder.create",
  "folder.share",
  "chat.create",
  "chat.see-access",
];

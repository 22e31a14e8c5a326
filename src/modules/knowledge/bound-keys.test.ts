import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { addReady, openStand } from "../../../test/support/knowledge.ts";
import { asSuperuser } from "../../../test/support/stage.ts";
import { newApiKey } from "../../kernel/api-keys.ts";
import { type Ctx, noDemand } from "../../kernel/context.ts";
import { newId } from "../../kernel/ids.ts";

import "../identity/permissions.ts";
import "../tenancy/permissions.ts";
import { deleteDocument, deleteFolder } from "./bin/deleting.ts";
import { listBin } from "./bin/listing.ts";
import { emptyBin, purgeBinned } from "./bin/purging.ts";
import { restoreBinned } from "./bin/restoring.ts";
import { moveDocument } from "./documents/service.ts";
import { createFolder } from "./folders/service.ts";
import { cancelUpload, finishUpload } from "./uploads/ending.ts";
import { takePiece } from "./uploads/pieces.ts";
import { beginUpload, getUpload, listUploads, type NewUpload } from "./uploads/service.ts";
import { listVersions, readVersion, restoreVersion } from "./versions/service.ts";

const notFound = { code: "not_found" };
const forbidden = { code: "forbidden" };
const WORDS = Buffer.from("Herons nest early.\n");
const RIGHTS =
  "document.read document.upload document.delete document.versions document.add-version document.restore-version folder.delete bin.see bin.restore bin.empty".split(
    " ",
  );

test("a key that is bound to a folder, and what else there is of documents", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const folder = async (name: string, parent: string | null = null) =>
    (await createFolder(mara.as("folder.create"), { name, parent })).id;
  const bound = await folder("Bound");
  const other = await folder("Other");
  const { hash, prefix } = newApiKey();
  const keyId = newId();
  await asSuperuser(stand.database, (client) =>
    client.query(
      `insert into api_key (tenant_id, key_id, member_id, name, prefix, key_hash, permissions, folder_id, networks, created_at, expires_at)
       values ($1, $2, $3, '', $4, $5, $6, $7, '{}', now(), now() + interval '1 day')`,
      [workspace.tenant.id, keyId, mara.id, prefix, hash, RIGHTS, bound],
    ),
  );
  const key = (permission = "document.read"): Ctx => ({
    ...mara.as(permission),
    actor: { kind: "key", memberId: mara.id, keyId, hash },
    demand: { ...noDemand, permission },
  });
  const add = async (name: string, place: string | null) => {
    const id = await addReady(workspace, mara, name, `${name} has words.`);
    if (place !== null) await moveDocument(mara.as("document.move"), id, place);
    return id;
  };
  const inside = await add("inside.md", bound);
  const outside = await add("outside.md", other);
  const send = (ctx: Ctx, id: string) =>
    takePiece(
      ctx,
      id,
      (async function* () {
        yield { offset: 0, stream: Readable.from([WORDS]) };
      })(),
    );
  const begin = (ctx: Ctx, more: Partial<NewUpload>) =>
    beginUpload(ctx, { name: "herons.md", bytes: WORDS.length, folder: null, ...more });

  await t.test("uploads in pieces: into its folder, and of its documents, alone", async () => {
    const ctx = () => key("document.upload");
    for (const [place, refusal] of [
      [{ folder: null }, forbidden],
      [{ folder: other }, notFound],
      [{ document: outside }, notFound],
    ] as const)
      await assert.rejects(begin(ctx(), place), refusal);
    const theirs = await begin(mara.as("document.upload"), { folder: other });
    const top = await begin(mara.as("document.upload"), {});
    for (const { id } of [theirs, top]) {
      await assert.rejects(getUpload(ctx(), id), notFound);
      await assert.rejects(send(ctx(), id), notFound);
      await assert.rejects(finishUpload(ctx(), id), notFound);
      await assert.rejects(cancelUpload(ctx(), id), notFound);
    }
    const upload = await begin(ctx(), { folder: bound });
    assert.deepEqual(
      (await listUploads(ctx())).map(({ id }) => id),
      [upload.id],
    );
    await send(ctx(), upload.id);
    assert.equal((await finishUpload(ctx(), upload.id)).folder, bound);
    // Its document is moved away while a version of it is under way.
    const wandering = await add("wandering.md", bound);
    const version = await begin(ctx(), { document: wandering });
    await send(ctx(), version.id);
    await moveDocument(mara.as("document.move"), wandering, other);
    await assert.rejects(finishUpload(ctx(), version.id), notFound);
    assert.equal((await listVersions(mara.as("document.versions"), wandering)).length, 1);
  });

  await t.test("versions: of its documents alone, by whichever way their ids are known", async () => {
    for (const [id, allowed] of [
      [inside, true],
      [outside, false],
    ] as const) {
      const upload = await begin(mara.as("document.upload"), { document: id });
      await send(mara.as("document.upload"), upload.id);
      await finishUpload(mara.as("document.upload"), upload.id);
      const [newest, first] = await listVersions(mara.as("document.versions"), id);
      await workspace.settle({ id: newest?.id ?? "" });
      const ways = [
        () => listVersions(key("document.versions"), id),
        () => readVersion(key("document.versions"), first?.id ?? "", { from: 0, limit: 5 }),
        () => restoreVersion(key("document.restore-version"), first?.id ?? ""),
      ];
      for (const way of ways) await (allowed ? assert.doesNotReject(way()) : assert.rejects(way(), notFound));
    }
  });

  await t.test("the bin: what lay in its folder, and back into it; nothing else is there", async () => {
    const [near, far] = [await add("near.md", bound), await add("far.md", other)];
    const [sub, away] = [await folder("Sub", bound), await folder("Away", other)];
    const own = mara.as.bind(mara);
    for (const id of [near, far]) await deleteDocument(own("document.delete"), id);
    for (const id of [sub, away]) await deleteFolder(own("folder.delete"), id);
    const shown = async () =>
      (await listBin(key("bin.see"), { cursor: undefined, limit: 50 })).items.map(({ id }) => id).sort();
    assert.deepEqual(await shown(), [near, sub].sort());
    for (const id of [far, away]) {
      await assert.rejects(restoreBinned(key("bin.restore"), id), notFound);
      await assert.rejects(purgeBinned(key("bin.empty"), id), notFound);
    }
    await restoreBinned(key("bin.restore"), near);
    assert.deepEqual(await shown(), [sub]);
    await deleteDocument(key("document.delete"), near);
    assert.equal(await emptyBin(key("bin.empty")), 2);
    const left = (await listBin(own("bin.see"), { cursor: undefined, limit: 50 })).items.map(({ id }) => id);
    assert.deepEqual(left.sort(), [far, away].sort());
    // Its folder in the bin, the key reaches nothing, and cannot bring it back.
    await deleteFolder(own("folder.delete"), bound);
    assert.deepEqual(await shown(), []);
    await assert.rejects(restoreBinned(key("bin.restore"), bound), notFound);
  });
});

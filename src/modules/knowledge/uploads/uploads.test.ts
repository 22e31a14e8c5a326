import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { addReady, type Member, openStand, until } from "../../../../test/support/knowledge.ts";
import { later } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import "../../identity/permissions.ts";
import { removeMember } from "../../tenancy/members/service.ts";
import "../../tenancy/permissions.ts";
import { deleteFolder } from "../bin/deleting.ts";
import { tidyLibrary } from "../bin/tidying.ts";
import { openOriginal } from "../documents/download.ts";
import { createFolder } from "../folders/service.ts";
import { share } from "../sharing/shares.ts";
import { quotas, storageOf } from "../storage/quotas.ts";
import { setMemberQuota } from "../storage/service.ts";
import { sweepFiles } from "../sweep.ts";
import { listVersions } from "../versions/service.ts";
import { cancelUpload, finishUpload } from "./ending.ts";
import { takePiece } from "./pieces.ts";
import { beginUpload, getUpload, listUploads, type NewUpload } from "./service.ts";
import { MOST_UNSENT, MOST_UPLOADS, PIECE_BYTES, UNSENT_LASTS, UPLOAD_LASTS } from "./view.ts";

const notFound = { code: "not_found" };

test("uploads in pieces", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, nils] = [await workspace.hire("Mara", "manager"), await workspace.hire("Nils", "manager")];
  const idris = await (await stand.workspace("bexley")).hire("Idris", "owner");
  const as = (who: Member) => who.as("document.upload");
  const content = Buffer.from(`Lanterns. ${randomBytes(PIECE_BYTES).toString("base64")}`).subarray(
    0,
    PIECE_BYTES + 1000,
  );
  const begin = (who: Member, more: Partial<NewUpload> = {}) =>
    beginUpload(as(who), { name: "large.txt", bytes: content.length, folder: null, ...more });
  const send = (who: Member, id: string, offset: number, bytes: Uint8Array, ctx: Ctx = as(who)) => {
    async function* pieces() {
      yield { offset, stream: Readable.from([Buffer.from(bytes)]) };
    }
    return takePiece(ctx, id, pieces());
  };
  const [one, two] = [content.subarray(0, PIECE_BYTES), content.subarray(PIECE_BYTES)];
  const files = () =>
    readdirSync(join(stand.system.config.home, "files"), { recursive: true, withFileTypes: true }).filter(
      (f) => f.isFile(),
    ).length;
  const settled = (count: number) => until(async () => files() === count);

  await addReady(workspace, nils, "first.md", "The first file.");

  await t.test("arrive in order, twice if need be, and make one document", async () => {
    const before = files();
    const { id } = await begin(mara);
    assert.equal((await send(mara, id, 0, one)).offset, PIECE_BYTES);
    assert.equal((await send(mara, id, 0, one)).offset, PIECE_BYTES, "the same again");
    assert.equal(files() - before, 1, "and is kept once");
    await assert.rejects(send(mara, id, 0, Buffer.alloc(PIECE_BYTES, "x")), { code: "wrong_offset" });
    await assert.rejects(send(mara, id, 2 * PIECE_BYTES, two), { code: "wrong_offset" });
    await assert.rejects(finishUpload(as(mara), id), { code: "wrong_state" });
    await assert.rejects(send(mara, id, PIECE_BYTES, two.subarray(1)), { code: "invalid_input" });
    await assert.rejects(send(mara, id, PIECE_BYTES, Buffer.concat([two, two])), { code: "too_large" });
    assert.equal(files() - before, 1, "nothing of what was refused is kept");
    assert.equal((await getUpload(as(mara), id)).offset, PIECE_BYTES);
    await send(mara, id, PIECE_BYTES, two);
    // Pieces are some row's: the sweep lets them be.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await sweepFiles(stand.system, 1))?.orphans, 0);
    const document = await finishUpload(as(mara), id);
    assert.deepEqual([document.name, document.bytes, document.kind], ["large.txt", content.length, "text"]);
    const { stream } = await openOriginal(mara.as("document.download"), document.id);
    assert.ok(Buffer.concat(await stream.toArray()).equals(content));
    await settled(before + 1);
    await assert.rejects(getUpload(as(mara), id), notFound);
    await assert.rejects(finishUpload(as(mara), id), notFound);
  });

  await t.test("a download that nobody reads a byte of closes its file", async () => {
    const id = await addReady(workspace, mara, "unread.md", "Not read.");
    const { open } = stand.system.files;
    const opened: Readable[] = [];
    stand.system.files.open = async (...given) => {
      const file = await open(...given);
      opened.push(file);
      return file;
    };
    (await openOriginal(mara.as("document.download"), id)).stream.destroy();
    stand.system.files.open = open;
    await until(async () => opened.length === 1 && opened[0]?.closed === true);
  });

  await t.test("are their sender's alone", async () => {
    const { id } = await begin(mara);
    for (const who of [nils, idris]) {
      await assert.rejects(getUpload(as(who), id), notFound);
      await assert.rejects(send(who, id, 0, one), notFound);
      await assert.rejects(finishUpload(as(who), id), notFound);
      await assert.rejects(cancelUpload(as(who), id), notFound);
      assert.deepEqual(await listUploads(as(who)), []);
    }
    await cancelUpload(as(mara), id);
    assert.deepEqual(await listUploads(as(mara)), []);
  });

  await t.test("become a version of what their sender may write, and go where they may", async () => {
    const id = await addReady(workspace, mara, "lease.md", "A lease.");
    const small = Buffer.from("A lease, changed.\n");
    await assert.rejects(begin(nils, { document: id }), notFound);
    const upload = await begin(mara, { document: id, bytes: small.length });
    await send(mara, upload.id, 0, small);
    const document = await finishUpload(as(mara), upload.id);
    assert.deepEqual([document.id, document.versions], [id, 2]);
    assert.equal((await listVersions(mara.as("document.versions"), id)).length, 2);
    const place = (await createFolder(nils.as("folder.create"), { name: "His", parent: null })).id;
    await assert.rejects(begin(mara, { folder: place }), notFound);
    const own = (await createFolder(mara.as("folder.create"), { name: "Hers", parent: null })).id;
    const late = await begin(mara, { folder: own, bytes: small.length });
    await send(mara, late.id, 0, small);
    await deleteFolder(mara.as("folder.delete"), own);
    await assert.rejects(finishUpload(as(mara), late.id), notFound, "its folder was deleted meanwhile");
    assert.equal((await listUploads(as(mara))).length, 1, "and it is not lost");
    await cancelUpload(as(mara), late.id);
  });

  await t.test("say at the first piece what cannot be read", async () => {
    const { id } = await begin(mara, { name: "photo.txt", bytes: 8 });
    await assert.rejects(send(mara, id, 0, Buffer.from("\x89PNG\r\n\x1a\n", "latin1")), {
      code: "unsupported_format",
    });
    await cancelUpload(as(mara), id);
  });

  await t.test("the same piece at once, and two endings at once: one document, no file left", async () => {
    const before = files();
    const small = Buffer.from("Once only.\n");
    const { id } = await begin(mara, { bytes: small.length });
    await Promise.all([send(mara, id, 0, small), send(mara, id, 0, small), send(mara, id, 0, small)]);
    const ends = await Promise.allSettled([finishUpload(as(mara), id), finishUpload(as(mara), id)]);
    assert.equal(ends.filter((end) => end.status === "fulfilled").length, 1);
    const [refused] = ends.filter((end) => end.status === "rejected");
    assert.equal((refused as PromiseRejectedResult).reason.code, "not_found");
    await settled(before + 1);
  });

  await t.test("a database that is away at the end loses nothing", async () => {
    const small = Buffer.from("Still there.\n");
    const { id } = await begin(mara, { bytes: small.length });
    await send(mara, id, 0, small);
    const { put } = stand.system.files;
    stand.system.files.put = () => Promise.reject(new Error("the disk is away"));
    await assert.rejects(finishUpload(as(mara), id), { code: "internal" });
    stand.system.files.put = put;
    assert.equal((await finishUpload(as(mara), id)).bytes, small.length);
  });

  await t.test(
    "set their bytes aside, for the workspace and the member, and only so many at once",
    async () => {
      const { mine } = await storageOf(mara.as("storage.read"));
      const { id } = await begin(mara, { bytes: 1_000_000 });
      assert.equal((await storageOf(mara.as("storage.read"))).mine.bytes.used, mine.bytes.used + 1_000_000);
      await setMemberQuota(mara.as("document.read"), {
        memberDocuments: null,
        memberBytes: mine.bytes.used + 1_500_000,
      });
      await assert.rejects(begin(mara, { bytes: 1_000_000 }), /you have 0 MB left/);
      await setMemberQuota(mara.as("document.read"), { memberDocuments: null, memberBytes: null });
      const met = await Promise.allSettled(
        Array.from({ length: MOST_UPLOADS + 2 }, () => begin(mara, { bytes: 1 })),
      );
      assert.equal(met.filter((one) => one.status === "fulfilled").length, MOST_UPLOADS - 1);
      await cancelUpload(as(mara), id);
      assert.ok(quotas.documents > MOST_UPLOADS);
    },
  );

  await t.test("of what one has begun and not sent, only so much is set aside", async () => {
    const large = 50 * 1024 * 1024;
    const begun = [];
    for (let i = 0; i < MOST_UNSENT / large; i++)
      begun.push(await begin(nils, { name: `${i}.txt`, bytes: large }));
    await assert.rejects(begin(nils, { bytes: 1 }), { code: "quota", message: /200 MB are missing/ });
    await send(nils, begun[0]?.id ?? "", 0, one);
    await begin(nils, { bytes: PIECE_BYTES });
    await assert.rejects(begin(nils, { bytes: 1 }), { code: "quota" }, "what was sent, and no more");
    for (const { id } of await listUploads(as(nils))) await cancelUpload(as(nils), id);
  });

  await t.test("count at their sender, also for a document of somebody else, until they end", async () => {
    const id = await addReady(workspace, mara, "shared.md", "For both.");
    const everybody = { with: { kind: "tenant", id: null }, access: "write" } as const;
    await share(mara.as("document.share"), { kind: "document", id }, everybody);
    const used = async (who: Member) => (await storageOf(who.as("storage.read"))).mine.bytes.used;
    const [hers, his] = [await used(mara), await used(nils)];
    const small = Buffer.from("For both, changed.\n");
    const upload = await begin(nils, { document: id, bytes: small.length });
    assert.deepEqual([await used(mara), await used(nils)], [hers, his + small.length]);
    await send(nils, upload.id, 0, small);
    await setMemberQuota(mara.as("document.read"), { memberDocuments: null, memberBytes: hers });
    await assert.rejects(finishUpload(as(nils), upload.id), /owner of this document has 0 MB left/);
    await assert.rejects(begin(nils, { document: id, bytes: 10 }), { code: "quota" }, "nor is more begun");
    await setMemberQuota(mara.as("document.read"), { memberDocuments: null, memberBytes: null });
    await finishUpload(as(nils), upload.id);
    assert.deepEqual([await used(mara), await used(nils)], [hers + small.length, his]);
  });

  await t.test("end after an hour where no piece has come, and with their member's removal", async () => {
    const ending = async (who: Member, id: string) =>
      new Date((await getUpload(as(who), id)).expiresAt).getTime() - Date.now();
    const { id } = await begin(nils, { bytes: content.length });
    assert.ok((await ending(nils, id)) <= UNSENT_LASTS);
    await send(nils, id, 0, one);
    assert.ok((await ending(nils, id)) > UPLOAD_LASTS - UNSENT_LASTS);
    const before = (await storageOf(mara.as("storage.read"))).workspace.bytes.used;
    const boss = await workspace.hire("Olga", "owner");
    await removeMember(boss.as("member.remove"), nils.id);
    const { bytes } = (await storageOf(mara.as("storage.read"))).workspace;
    assert.equal(bytes.used, before - content.length, "at once");
    const kept = files();
    await tidyLibrary.run(workspace.job(), workspace.tenant.id, false);
    await settled(kept - 1);
  });

  await t.test("end after a day, with their pieces", async () => {
    const small = Buffer.from("Forgotten.\n");
    const before = files();
    const { id } = await begin(mara, { bytes: small.length });
    await send(mara, id, 0, small);
    const then = later(new Date(), UPLOAD_LASTS + 1000);
    const ctx = { ...workspace.job(), clock: () => then };
    await tidyLibrary.run(ctx, workspace.tenant.id, false);
    await assert.rejects(getUpload(as(mara), id), notFound);
    assert.deepEqual(await listUploads(as(mara)), []);
    await settled(before);
  });
});

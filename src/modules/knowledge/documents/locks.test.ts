import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { sql } from "kysely";
import { addReady, type Member, openStand } from "../../../../test/support/knowledge.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import "../../identity/permissions.ts";
import "../../tenancy/permissions.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { restoreBinned } from "../bin/restoring.ts";
import { createFolder } from "../folders/service.ts";
import { cancelUpload } from "../uploads/ending.ts";
import { beginUpload, listUploads } from "../uploads/service.ts";
import { listVersions, restoreVersion } from "../versions/service.ts";
import { forEach } from "./many.ts";
import { moveDocument, renameDocument } from "./service.ts";
import { uploadDocuments, uploadVersion } from "./upload.ts";

const ROUNDS = 20;

test("whoever changes the same things at once waits, and nobody dies of it", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const place = (await createFolder(mara.as("folder.create"), { name: "Rivers", parent: null })).id;

  const file = (name: string, content: string) => ({ name, stream: Readable.from([Buffer.from(content)]) });
  const addVersion = (id: string, content: string) => {
    async function* one() {
      yield file("lease.md", content);
    }
    return uploadVersion(mara.as("document.add-version"), id, one());
  };
  const uploadInto = async (who: Member, name: string) => {
    async function* one() {
      yield { ...file(name, "Herons nest early."), folder: place };
    }
    const { items, refused } = await uploadDocuments(who.as("document.upload"), one());
    assert.deepEqual(refused, []);
    return items[0]?.id ?? "";
  };
  const allDone = async (round: readonly Promise<unknown>[]) => {
    for (const met of await Promise.allSettled(round)) if (met.status === "rejected") throw met.reason;
  };
  const newestOf = async (id: string) => (await listVersions(mara.as("document.versions"), id))[0]?.id ?? "";

  await t.test(
    "names, versions, uploads that begin, moves, finished readings and index batches of one document",
    async () => {
      let id = await addReady(workspace, mara, "lease.md", "The first text.");
      for (let round = 0; round < ROUNDS; round++) {
        if (round === ROUNDS / 2) id = await addReady(workspace, mara, "lease.md", "Another text.");
        // Reading a file takes most of the time here.
        const reads = round % 10 === 0;
        if (reads) await addVersion(id, `Text ${round}.`);
        const unread = reads ? await newestOf(id) : "";
        const old = await oldestOf(id, unread);
        await allDone([
          ...[1, 2, 3].map((n) => renameDocument(mara.as("document.change"), id, `lease ${round} ${n}.md`)),
          addVersion(id, `Text ${round}, changed.`),
          beginUpload(mara.as("document.upload"), { name: "l.md", bytes: 10, folder: null, document: id }),
          moveDocument(mara.as("document.move"), id, place),
          ...(reads ? [workspace.run("knowledge.read-document", unread)] : []),
          workspace.run("knowledge.index", workspace.tenant.id),
          restoreVersion(mara.as("document.restore-version"), old),
        ]);
        for (const upload of await listUploads(mara.as("document.upload")))
          await cancelUpload(mara.as("document.upload"), upload.id);
      }
    },
  );

  /** One that is not the document's own, whatever of the others has come first. */
  async function oldestOf(id: string, unread: string): Promise<string> {
    const all = await listVersions(mara.as("document.versions"), id);
    const old = all.filter((version) => !version.current && version.id !== unread);
    return (old.at(-1) ?? all[0])?.id ?? "";
  }

  await t.test("uploads into a folder and what comes back to it", async () => {
    const ids = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => uploadInto(mara, `r${n}.md`)));
    for (let round = 0; round < ROUNDS; round++) {
      for (const id of ids) await deleteDocument(mara.as("document.delete"), id);
      await allDone([
        ...ids.map((id) => restoreBinned(mara.as("bin.restore"), id)),
        ...[1, 2].map((n) => uploadInto(mara, `u${n}.md`)),
      ]);
    }
  });

  await t.test("whoever dies of it all the same may ask again", async () => {
    const rows = ["a", "b"];
    let met = 0;
    let go = () => {};
    const both = new Promise<void>((resolve) => {
      go = resolve;
    });
    const inOrder = (order: readonly string[]) =>
      unit(workspace.job(), async (ctx) => {
        await read(ctx, sql`select pg_advisory_xact_lock(hashtext(${order[0]}))`);
        if (++met === 2) go();
        await both;
        await read(ctx, sql`select pg_advisory_xact_lock(hashtext(${order[1]}))`);
      });
    const ends = await Promise.allSettled([inOrder(rows), inOrder(rows.toReversed())]);
    const [dead, ...others] = ends.filter((end) => end.status === "rejected");
    assert.deepEqual(others, []);
    const { code, status, retryAfter } = dead?.reason ?? {};
    assert.deepEqual({ code, status, retryAfter }, { code: "busy", status: 503, retryAfter: 1 });
  });

  await t.test("one of several that fails takes nothing from what was done", async () => {
    const [one, two, three] = ["a", "b", "c"].map((c) => `00000000-0000-7000-8000-00000000000${c}`);
    const asked: string[] = [];
    const act = (failure: unknown) => (id: string) => {
      asked.push(id);
      return id === two ? Promise.reject(failure) : Promise.resolve();
    };
    const ids = [one ?? "", two ?? "", three ?? ""];
    for (const [failure, code] of [
      [appError("busy"), "busy"],
      [new Error("something broke"), "internal"],
    ] as const) {
      const { done, refused } = await forEach(mara.as("document.move"), ids, act(failure));
      assert.deepEqual(done, [one, three]);
      assert.deepEqual(
        refused.map((r) => [r.id, r.code]),
        [[two, code]],
      );
    }
    // Of what concerns them all the others are not asked.
    asked.length = 0;
    const { done, refused } = await forEach(mara.as("document.move"), ids, act(appError("signed_out")));
    assert.deepEqual([done, refused.map((r) => r.id), asked], [[one], [two, three], [one, two]]);
    const first = forEach(mara.as("document.move"), [two ?? ""], act(appError("signed_out")));
    await assert.rejects(first, { code: "signed_out" });
  });
});

import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { addReady, openStand, upload } from "../../../../test/support/knowledge.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import { listDocuments } from "./listing.ts";

test("uploading", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const folder = join(stand.system.config.home, "files");
  mkdirSync(folder, { recursive: true });
  const files = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).length;

  await t.test("several at once: what is refused is named and stops nothing", async () => {
    const before = files();
    const { items, refused } = await upload(
      mara,
      { name: "empty.txt", content: "" },
      { name: "lease.md", content: "# Lease\n\nThe notice period is two months." },
      { name: "photo.jpg", content: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0, 1]) },
      { name: "large.txt", content: Readable.from(endless(50 * 1024 * 1024 + 1)) },
      { name: "note\u202etxt.txt", content: "A short note." },
    );
    assert.deepEqual(
      items.map(({ name, kind, state, mine, visibility, problem }) => ({
        name,
        kind,
        state,
        mine,
        visibility,
        problem,
      })),
      [
        {
          name: "lease.md",
          kind: "markdown",
          state: "received",
          mine: true,
          visibility: "private",
          problem: null,
        },
        {
          name: "notetxt.txt",
          kind: "text",
          state: "received",
          mine: true,
          visibility: "private",
          problem: null,
        },
      ],
    );
    assert.equal(items[0]?.bytes, 41);
    assert.deepEqual(items[0]?.owner, { id: mara.id, name: "Mara" });
    assert.deepEqual(
      refused.map(({ name, code }) => [name, code]),
      [
        ["empty.txt", "invalid_input"],
        ["photo.jpg", "unsupported_format"],
        ["large.txt", "too_large"],
      ],
    );
    assert.equal(files() - before, 2, "refused files leave nothing on the disk");
  });

  await t.test("nothing of it is stored in clear, and each upload is in the audit log once", async () => {
    const [rows, entries] = await read(
      workspace.job(),
      db.selectFrom("document").selectAll(),
      db.selectFrom("audit.entry").selectAll().where("event", "=", "document.uploaded"),
    );
    assert.equal(entries.length, rows.length);
    for (const row of rows) {
      assert.doesNotMatch(row.name.toString("latin1"), /lease|note/);
      assert.match(row.file, /^[0-9a-f]{32}$/);
    }
    assert.deepEqual(rows.map((r) => r.document_no).sort(), [1, 2]);
    assert.ok(entries.every((e) => e.actor_id === mara.id && e.role === "manager"));
  });

  await t.test("without the permission no byte is read", async () => {
    const viewer = await workspace.hire("Vi", "viewer");
    let asked = false;
    const content = new Readable({
      read() {
        asked = true;
        this.push(null);
      },
    });
    const before = files();
    await assert.rejects(upload(viewer, { name: "a.txt", content }), { code: "forbidden" });
    assert.equal(asked, false);
    assert.equal(files(), before);
  });

  await t.test("a unit of work that fails leaves no file, and the other files go on", async () => {
    const before = files();
    const { jobs } = stand.system;
    const { enqueue } = jobs;
    jobs.enqueue = () => Promise.reject(new Error("the queue is away"));
    t.after(() => {
      jobs.enqueue = enqueue;
    });
    const { items, refused } = await upload(mara, { name: "a.txt", content: "One." });
    jobs.enqueue = enqueue;
    assert.deepEqual([items.length, refused[0]?.code], [0, "internal"]);
    assert.equal(files(), before);
  });

  await t.test("a connection that breaks ends it and leaves no file", async () => {
    const before = files();
    async function* broken() {
      yield Buffer.from("The beginning of a text. ".repeat(400));
      throw new Error("gone");
    }
    await assert.rejects(upload(mara, { name: "a.txt", content: Readable.from(broken()) }), /gone/);
    assert.equal(files(), before);
  });

  await t.test("nothing at all is a bad request", async () => {
    await assert.rejects(upload(mara), { code: "bad_request" });
  });

  await t.test("a list is newest first, page by page, and looks for names", async () => {
    const other = await stand.workspace("bexley");
    const idris = await other.hire("Idris", "manager");
    for (const name of ["one.txt", "two.txt", "Three lease.txt", "four.txt", "LEASE five.txt"]) {
      await addReady(other, idris, name, `Text of ${name}.`);
    }
    const first = await listDocuments(idris.as(), { limit: 2 });
    assert.deepEqual(
      first.items.map((d) => d.name),
      ["LEASE five.txt", "four.txt"],
    );
    const [at, id] = (first.next ?? "").split(".");
    const second = await listDocuments(idris.as(), {
      limit: 2,
      cursor: { at: new Date(Number(at)), id: id ?? "" },
    });
    assert.deepEqual(
      second.items.map((d) => d.name),
      ["Three lease.txt", "two.txt"],
    );
    const named = await listDocuments(idris.as(), { q: "lease", limit: 10 });
    assert.deepEqual(
      named.items.map((d) => d.name),
      ["LEASE five.txt", "Three lease.txt"],
    );
    assert.equal(named.next, null);
    const paged = await listDocuments(idris.as(), { q: "lease", limit: 1 });
    assert.equal(paged.items.length, 1);
    assert.ok(paged.next);
  });
});

function* endless(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024, "All work and no play. ");
  for (let left = bytes; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

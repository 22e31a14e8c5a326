import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { addReady, type Member, openStand, openToAll } from "../../../../test/support/knowledge.ts";
import { asSuperuser } from "../../../../test/support/stage.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read } from "../../../kernel/database/unit.ts";
import "../../identity/permissions.ts";
import { createRole } from "../../identity/roles/own-roles.ts";
import { changeRole } from "../../tenancy/members/service.ts";
import "../../tenancy/permissions.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { purgeBinned } from "../bin/purging.ts";
import { openOriginal } from "../documents/download.ts";
import { documentHistory } from "../documents/history.ts";
import { getDocument, readPassages, retryDocument } from "../documents/service.ts";
import { uploadVersion } from "../documents/upload.ts";
import { searchPassages } from "../service.ts";
import { sweepFiles } from "../sweep.ts";
import { MOST_VERSIONS } from "./adding.ts";
import { compareLines, compareVersions } from "./compare.ts";
import { listVersions, openVersionOriginal, readVersion, restoreVersion } from "./service.ts";

const notFound = { code: "not_found" };

test("versions of a document", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, nils] = [await workspace.hire("Mara", "manager"), await workspace.hire("Nils", "manager")];
  const idris = await (await stand.workspace("bexley")).hire("Idris", "owner");
  const id = await addReady(workspace, mara, "lease.md", "# Lease\n\nThe rent is low.\n\nHerons nest here.");
  const add = async (who: Member, content: string, name = "lease.md") => {
    async function* parts() {
      yield { name, stream: Readable.from([Buffer.from(content)]) };
    }
    return uploadVersion(who.as("document.add-version"), id, parts());
  };
  const versions = (who = mara) => listVersions(who.as("document.versions"), id);
  const newest = async () => (await versions())[0]?.id ?? "";
  const found = async (word: string) => (await searchPassages(mara.as("search.use"), word, 5)).items.length;
  const text = async () =>
    (await readPassages(mara.as(), id, { from: 0, limit: 50 })).items
      .map((passage) => passage.text)
      .join("\n");

  await t.test("the present one stays readable and found until the new one has been read", async () => {
    const answered = await add(mara, "# Lease\n\nThe rent is high.\n\nOtters swim here.");
    assert.deepEqual(
      [answered.version, answered.versions, answered.newer?.no, answered.newer?.state, answered.state],
      [1, 2, 2, "received", "ready"],
    );
    assert.deepEqual([await found("herons"), await found("otters")], [1, 0]);
    assert.match(await text(), /Herons/);
    await workspace.run("knowledge.read-document", await newest());
    const swapped = await getDocument(mara.as(), id);
    assert.deepEqual([swapped.version, swapped.newer], [2, null]);
    assert.match(await text(), /Otters/);
    assert.doesNotMatch(await text(), /Herons/);
    await workspace.settle();
    assert.deepEqual([await found("herons"), await found("otters")], [0, 1]);
    assert.equal((await getDocument(mara.as(), id)).state, "ready");
  });

  await t.test("one that cannot be read leaves the present one, and says so", async () => {
    await add(mara, "%PDF-1.7\nnothing of a PDF follows", "lease.pdf");
    await workspace.run("knowledge.read-document", await newest());
    const document = await getDocument(mara.as(), id);
    assert.deepEqual(
      [
        document.version,
        document.versions,
        document.state,
        document.newer?.state,
        document.newer?.problem?.code,
      ],
      [2, 3, "ready", "failed", "damaged"],
    );
    assert.equal(await found("otters"), 1);
    assert.equal((await retryDocument(mara.as("document.retry"), id)).newer?.state, "received");
    await assert.rejects(retryDocument(mara.as("document.retry"), id), { code: "wrong_state" });
    await workspace.run("knowledge.read-document", await newest());
    assert.equal((await getDocument(mara.as(), id)).newer?.state, "failed");
  });

  await t.test(
    "an older one is read, downloaded and compared as it was, by who sees the document",
    async () => {
      const [, , first] = await versions();
      const old = first?.id ?? "";
      const passages = await readVersion(mara.as("document.versions"), old, { from: 0, limit: 10 });
      assert.match(passages.items.map((p) => p.text).join(), /Herons/);
      const { stream, name } = await openVersionOriginal(mara.as("document.download"), old);
      assert.match(Buffer.concat(await stream.toArray()).toString(), /Herons/);
      assert.equal(name, "lease.md");
      const [, second] = await versions();
      const compared = await compareVersions(mara.as("document.versions"), second?.id ?? "", old);
      assert.deepEqual([compared.from, compared.to, compared.truncated], [1, 2, false]);
      const changed = compared.items
        .filter((item) => item.kind !== "same")
        .map((item) => [item.kind, item.text]);
      assert.ok(changed.some(([kind, line]) => kind === "removed" && line?.includes("Herons")));
      assert.ok(changed.some(([kind, line]) => kind === "added" && line?.includes("Otters")));
      for (const who of [nils, idris]) {
        await assert.rejects(versions(who), notFound);
        await assert.rejects(readVersion(who.as("document.versions"), old, { from: 0, limit: 1 }), notFound);
        await assert.rejects(openVersionOriginal(who.as("document.download"), old), notFound);
        await assert.rejects(restoreVersion(who.as("document.restore-version"), old), notFound);
        await assert.rejects(add(who, "Mine."), notFound);
        await assert.rejects(
          documentHistory(who.as("document.history"), id, { cursor: undefined, limit: 5 }),
          notFound,
        );
      }
      const theirs = await addReady(workspace, nils, "his.md", "His.");
      await assert.rejects(compareVersions(mara.as("document.versions"), old, theirs), notFound);
      await openToAll(nils, "document", theirs);
      await assert.rejects(compareVersions(mara.as("document.versions"), old, theirs), {
        code: "invalid_input",
      });
    },
  );

  await t.test("the file of an old one is for who may see versions; the present one is not", async () => {
    const boss = await workspace.hire("Olga", "owner");
    const { id: custom } = await createRole(boss.as("role.create"), "Fetchers", ["document.download"]);
    const fetcher = await workspace.hire("Faye", "viewer");
    await changeRole(boss.as("member.change-role"), fetcher.id, custom);
    await openToAll(mara, "document", id);
    const [newest, second, first] = await versions();
    assert.deepEqual([newest?.current, second?.current, first?.id], [false, true, id]);
    const fetch = (version = "") => openVersionOriginal(fetcher.as("document.download"), version);
    for (const old of [first?.id, newest?.id]) await assert.rejects(fetch(old), { code: "forbidden" });
    await (await fetch(second?.id)).stream.toArray();
  });

  await t.test("who may only read it sees its versions, and adds and restores none", async () => {
    await openToAll(mara, "document", id);
    assert.equal((await versions(nils)).length, 3);
    await assert.rejects(add(nils, "Mine."), { code: "forbidden" });
    await assert.rejects(restoreVersion(nils.as("document.restore-version"), id), { code: "forbidden" });
  });

  await t.test(
    "an older one restored is the newest, under its own number, and takes no place again",
    async () => {
      const restored = await restoreVersion(mara.as("document.restore-version"), id);
      assert.deepEqual([restored.versions, restored.version], [4, 2]);
      const [newer] = await versions();
      assert.deepEqual([newer?.no, newer?.restoredFrom], [4, 1]);
      await workspace.settle({ id: newer?.id ?? "" });
      assert.deepEqual([await found("herons"), await found("otters")], [1, 0]);
      await assert.rejects(restoreVersion(mara.as("document.restore-version"), newer?.id ?? ""), {
        code: "wrong_state",
      });
      const { items } = await documentHistory(mara.as("document.history"), id, {
        cursor: undefined,
        limit: 50,
      });
      assert.deepEqual(
        items.map((item) => item.event).filter((event) => event.includes("version")),
        ["document.version-restored", "document.version-added", "document.version-added"],
      );
      assert.equal(items.at(-1)?.event, "document.uploaded");
      const forReader = await documentHistory(nils.as("document.history"), id, {
        cursor: undefined,
        limit: 50,
      });
      assert.ok(
        !forReader.items.some((item) => ["document.shared", "document.downloaded"].includes(item.event)),
      );
    },
  );

  await t.test("two that overtake each other: the newer one stays", async () => {
    await add(mara, "Voles dig here.");
    const late = await newest();
    await add(mara, "Minks dive here.");
    await workspace.settle({ id: await newest() });
    await workspace.settle({ id: late });
    assert.deepEqual([await found("minks"), await found("voles")], [1, 0]);
    const list = await versions();
    assert.deepEqual(
      list.slice(0, 2).map((v) => [v.no, v.state, v.current]),
      [
        [6, "ready", true],
        [5, "ready", false],
      ],
    );
  });

  await t.test("so many, and no more", async () => {
    await asSuperuser(stand.database, (client) =>
      client.query("update document set versions = $2 where document_id = $1", [id, MOST_VERSIONS]),
    );
    await assert.rejects(add(mara, "One more."), { code: "quota" });
  });

  await t.test("deleted, its versions are not there; for ever, none of their files either", async () => {
    const all = (await versions()).map((version) => version.id);
    const [rows] = await read(
      workspace.job(),
      db.selectFrom("document_version").select("file").where("document_id", "=", id),
    );
    const files = [...new Set(rows.map((row) => row.file))];
    assert.equal(files.length, 5);
    // The sweep knows the originals of all versions.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await sweepFiles(stand.system, 1))?.orphans, 0);
    await deleteDocument(mara.as("document.delete"), id);
    for (const version of all) {
      await assert.rejects(
        readVersion(mara.as("document.versions"), version, { from: 0, limit: 1 }),
        notFound,
      );
      await assert.rejects(openVersionOriginal(mara.as("document.download"), version), notFound);
    }
    await assert.rejects(openOriginal(mara.as("document.download"), id), notFound);
    await purgeBinned(mara.as("bin.empty"), id);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const file of files) assert.equal(await stand.system.files.exists(file), false);
  });
});

test("others with the same content are told of to who sees them, and to nobody else", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, nils] = [await workspace.hire("Mara", "manager"), await workspace.hire("Nils", "manager")];
  const other = await stand.workspace("bexley");
  const idris = await other.hire("Idris", "owner");
  const text = "The very same words.";
  const [hers, his] = [
    await addReady(workspace, mara, "a.md", text),
    await addReady(workspace, nils, "b.md", text),
  ];
  await addReady(other, idris, "c.md", text);
  const twins = async (who: Member, id: string) => (await getDocument(who.as(), id)).duplicates;
  assert.deepEqual([await twins(mara, hers), await twins(nils, his)], [[], []]);
  await openToAll(nils, "document", his);
  assert.deepEqual(await twins(mara, hers), [{ id: his, name: "b.md" }]);
  assert.deepEqual(await twins(nils, his), []);
  await deleteDocument(nils.as("document.delete"), his);
  assert.deepEqual(await twins(mara, hers), []);
});

test("lines are compared within bounds", () => {
  const line = (text: string) => ({ text, page: null });
  const run = (before: string[], after: string[]) => {
    const steps = compareLines(before.map(line), after.map(line));
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  };
  const many = Array.from({ length: 50 }, (_, i) => `Line ${i}.`);
  const changed = many.with(25, "Another.");
  assert.deepEqual(
    run(many, changed).items.map(({ kind, text }) => `${kind} ${text}`),
    [
      "same Line 23.",
      "same Line 24.",
      "removed Line 25.",
      "added Another.",
      "same Line 26.",
      "same Line 27.",
    ],
  );
  assert.deepEqual(
    run(many, many).items.filter((item) => item.kind !== "same"),
    [],
  );
  const started = performance.now();
  const apart = run(
    Array.from({ length: 4000 }, (_, i) => `a${i}`),
    Array.from({ length: 4000 }, (_, i) => `b${i}`),
  );
  assert.ok(apart.cut);
  assert.equal(apart.items.length, 8000);
  assert.ok(performance.now() - started < 3000);
});

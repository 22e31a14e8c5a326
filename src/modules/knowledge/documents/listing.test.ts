import assert from "node:assert/strict";
import { test } from "node:test";
import { addReady, openStand, openToAll, upload } from "../../../../test/support/knowledge.ts";
import { asSuperuser } from "../../../../test/support/stage.ts";
import "../../tenancy/permissions.ts";
import { paging } from "../../../kernel/paging.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { makePaths } from "../folders/paths.ts";
import { listFolders } from "../folders/service.ts";
import { type Listing, listDocuments } from "./listing.ts";
import { fileName } from "./names.ts";

test("lists of documents", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, nils] = [await workspace.hire("Mara", "manager"), await workspace.hire("Nils", "manager")];
  const names = ["Plan 10.md", "plan 2.md", "Äpfel.txt", "zebra.html", "plan 2.md"];
  const content = (i: number) =>
    names[i]?.endsWith("html") ? `<p>${"x ".repeat(50 * i)}</p>` : "x ".repeat(50 * (i + 1));
  const ids: string[] = [];
  for (const [i, name] of names.entries()) {
    const { items } = await upload(mara, { name, content: content(i) });
    ids.push(items[0]?.id ?? "");
  }
  const shared = await addReady(workspace, nils, "shared.md", "Shared.");
  await openToAll(nils, "document", shared);
  const list = (of: Partial<Listing>, who = mara) => listDocuments(who.as(), { limit: 50, ...of });
  const places = async (of: Partial<Listing>) => (await list(of)).items.map(({ id }) => ids.indexOf(id));

  await t.test("are sorted as asked, by name as people read it", async () => {
    assert.deepEqual(await places({ sort: "oldest", owner: "mine" }), [0, 1, 2, 3, 4]);
    assert.deepEqual(await places({ sort: "newest", owner: "mine" }), [4, 3, 2, 1, 0]);
    const byName = (await list({ sort: "name", owner: "mine" })).items.map(({ name }) => name);
    assert.deepEqual(byName, ["Äpfel.txt", "plan 2.md", "plan 2.md", "Plan 10.md", "zebra.html"]);
    const sizes = (await list({ sort: "largest" })).items.map(({ bytes }) => bytes);
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => b - a),
    );
    assert.equal((await list({ sort: "changed" })).items.length, 6);
  });

  await t.test("keep what the filters say, and count it whatever is looked for", async () => {
    assert.deepEqual(
      (await list({ owner: "others" })).items.map(({ id }) => id),
      [shared],
    );
    assert.deepEqual(await places({ kind: "html" }), [3]);
    assert.equal((await list({ state: "working" })).total, 5);
    assert.deepEqual(
      (await list({ state: "ready" })).items.map(({ id }) => id),
      [shared],
    );
    assert.deepEqual((await list({ state: "failed" })).items, []);
    const looked = await list({ q: "plan 2", owner: "mine" });
    assert.deepEqual([looked.items.length, looked.total], [2, 5]);
  });

  await t.test("go on page by page, in every order, also when the last document of a page goes", async () => {
    const { cursor } = paging(50);
    for (const sort of ["newest", "oldest", "name", "largest", "changed"] as const) {
      for (const q of [undefined, "."]) {
        const seen: string[] = [];
        for (let next: string | null = ""; next !== null; ) {
          const page = await list({ sort, q, limit: 2, cursor: cursor.parse(next) });
          seen.push(...page.items.map(({ id }) => id));
          next = page.next;
        }
        assert.equal(new Set(seen).size, 6, `${sort} ${q}`);
        assert.equal(seen.length, 6, `${sort} ${q}`);
      }
    }
    const first = await list({ sort: "name", limit: 2 });
    await deleteDocument(mara.as("document.delete"), first.items[1]?.id ?? "");
    const second = await list({ sort: "name", limit: 10, cursor: cursor.parse(first.next ?? "") });
    assert.ok(second.items.length >= 3 && !second.items.some(({ id }) => id === first.items[0]?.id));
  });

  await t.test("a cursor tells nothing of what its reader does not see", async () => {
    const { items } = await upload(nils, { name: "secret.md", content: "s".repeat(5000) });
    const { cursor } = paging(50);
    const after = (size: number) =>
      list({ sort: "largest", cursor: cursor.parse(`${size}.${items[0]?.id}`) }).then(
        (page) => page.items.length,
      );
    assert.ok((await after(1_000_000)) > (await after(1)));
  });
});

test("folders of paths", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const nils = await workspace.hire("Nils", "manager");
  const make = (paths: string[], parent: string | null = null, who = mara) =>
    makePaths(who.as("folder.create"), { parent, paths });
  const [deep, twice, other] = await make(["a/b/c", "a/b/c", "a/d"]);
  assert.equal(deep?.id, twice?.id);
  assert.equal((await listFolders(mara.as("folder.read"))).length, 4);
  assert.deepEqual(await make(["a/d"]), [{ path: "a/d", id: other?.id }]);
  assert.equal((await make(["../../a/./b\\c"]))[0]?.id, deep?.id, "dots lead nowhere");
  await assert.rejects(make([".."]), { code: "invalid_input" });
  await assert.rejects(make(["x".repeat(3).split("").join("/").concat("/y".repeat(20))]), {
    code: "wrong_state",
  });
  await assert.rejects(make(["e"], deep?.id, nils), { code: "not_found" });
  assert.notEqual(
    (await make(["a"], null, nils))[0]?.id,
    (await make(["a"]))[0]?.id,
    "each has a top of their own",
  );
  const both = await Promise.all([make(["new/one"]), make(["new/one"])]);
  assert.equal(both[0]?.[0]?.id, both[1]?.[0]?.id, "two at once make one");
  await asSuperuser(stand.database, (client) => client.query("select 1"));
});

test("a name that a browser stores a file under leads nowhere", () => {
  assert.equal(fileName("../../etc/passwd"), "__.._etc_passwd".replace("__..", "__.."));
  assert.equal(fileName("C:\\a?.txt"), "C__a_.txt");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { addReady, openStand } from "../../../../test/support/knowledge.ts";
import "../../tenancy/permissions.ts";
import { readOutline } from "./outline.ts";

const words = (count: number) => Array.from({ length: count }, (_, n) => `word${n}`).join(" ");
const BOOK = ["Term", "Rent", "Notice"]
  .map((title) => `## ${title}\n\n${words(150)}.\n\n${words(150)}.`)
  .join("\n\n");

test("an outline tells where headings begin, to those who may read the document", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const omar = await workspace.hire("Omar", "owner");
  const idris = await (await stand.workspace("bexley")).hire("Idris", "owner");
  const id = await addReady(workspace, mara, "book.md", `# Lease\n\n${BOOK}`);

  const { passages, items } = await readOutline(mara.as(), id);
  assert.deepEqual(
    items.map(({ heading }) => heading),
    ["Lease › Term", "Lease › Rent", "Lease › Notice"],
  );
  assert.deepEqual(
    items.map(({ no }) => no),
    [0, 2, 4],
  );
  assert.equal(passages, 6);
  for (const stranger of [omar, idris])
    await assert.rejects(readOutline(stranger.as(), id), { code: "not_found" });
});

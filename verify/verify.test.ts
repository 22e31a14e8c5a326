import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkEntry, checkExport } from "./export.ts";
import { hex, readCheckpoint, readKey, readNote } from "./note.ts";
import { leafHash, sha256 } from "./tree.ts";

const vectors = join(import.meta.dirname, "../testdata/audit-log");
const vector = (name: string): string => readFileSync(join(vectors, name), "utf8");
const lines = vector("export.jsonl").split("\n").filter(Boolean);
const key = await readKey(vector("key.txt"));
const problemsOf = async (changed: readonly string[]) =>
  (await checkExport(changed, key)).problems.join("\n");

/** The line with one of its values put in the place of another. */
function edited(
  index: number,
  change: (line: Record<string, unknown> & { entry: Record<string, unknown> }) => unknown,
) {
  const line = JSON.parse(lines[index] ?? "");
  change(line);
  return lines.with(index, JSON.stringify(line));
}

test("an export as it was made verifies", async () => {
  const { problems, entries, erased, checkpoint } = await checkExport(lines, key);
  assert.deepEqual(
    { problems, entries, erased, size: checkpoint?.size },
    { problems: [], entries: 7, erased: 0, size: 12 },
  );
});

test("content that was erased leaves the log as it is", async () => {
  const { problems, erased } = await checkExport(
    edited(3, (line) => {
      line.content = null;
    }),
    key,
  );
  assert.deepEqual([problems, erased], [[], 1]);
});

test("every change of an export is told", async () => {
  const other: Record<string, unknown> = {
    tenant: "01a20198-4964-7000-b439-65e466403875",
    id: "01a20198-49eb-7000-ac7f-8350c4b73f12",
    at: "2026-11-22T04:51:27.399Z",
    actorKind: "operator",
    actorId: null,
    keyId: "01a20198-49eb-7000-ac7f-8350c4b73f12",
    role: "admin",
    event: "document.read",
    resourceType: "folder",
    resourceId: "01a20198-49eb-7000-ac7f-8350c4b73f12",
    outcome: "done",
    commitment: null,
  };
  for (const [field, value] of Object.entries(other))
    assert.match(
      await problemsOf(edited(1, ({ entry }) => Object.assign(entry, { [field]: value }))),
      /line 2: .*(tree|workspace)/,
      field,
    );
  for (const [field, value] of [
    ["number", 2],
    ["index", 3],
    ["index", -1],
    ["index", 1.5],
    ["path", []],
    ["content", "{}"],
  ] as const)
    assert.match(
      await problemsOf(edited(1, (line) => Object.assign(line, { [field]: value }))),
      /line 2/,
      field,
    );
  assert.match(await problemsOf(lines.toSpliced(3, 1)), /missing/);
  assert.match(await problemsOf(lines.toSpliced(3, 0, lines[2] ?? "")), /doubled/);
  assert.match(await problemsOf(lines.with(2, lines[3] ?? "").with(3, lines[2] ?? "")), /out of order/);
  assert.match(await problemsOf(lines.slice(0, -2)), /cut off/);
  assert.match(await problemsOf(lines.toSpliced(-2, 1)), /signed with 7: the end is missing/);
  assert.match(await problemsOf([...lines, lines[1] ?? ""]), /behind the end/);
  assert.match(await problemsOf([]), /empty/);
  assert.match(await problemsOf(lines.with(1, "{")), /not JSON/);
  assert.match(await problemsOf(lines.with(1, "{}")), /line 2/);
});

test("one entry verifies by itself, and a changed one does not", async () => {
  const line = JSON.parse(lines[4] ?? "");
  const proof = { ...line, checkpoint: vector("new.note") };
  assert.deepEqual(await checkEntry(proof, key), []);
  assert.match((await checkEntry({ ...proof, number: 9 }, key)).join(), /tree/);
  assert.match((await checkEntry({ ...proof, content: "{}" }, key)).join(), /content was changed/);
  assert.match((await checkEntry({ ...proof, entry: { ...line.entry, role: "owner" } }, key)).join(), /tree/);
  assert.match(
    (await checkEntry({ ...proof, checkpoint: vector("old.note").replace("8", "9") }, key)).join(),
    /signature/,
  );
});

test("no other key speaks for the log", async () => {
  const stranger = await readKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  assert.match((await checkExport(lines, stranger)).problems.join(), /not signed by this key/);
  const note = vector("new.note");
  assert.equal((await readCheckpoint(note, key)).size, 12);
  await assert.rejects(readCheckpoint(note.replace("\n12\n", "\n13\n"), key), /signature is wrong/);
  await assert.rejects(readCheckpoint(note.replace(/\n$/, ""), key), /not a signed note/);
  const otherId = vector("key.txt").replace(/\+(.)/, (_, digit) => `+${digit === "0" ? "1" : "0"}`);
  await assert.rejects(readKey(otherId), /key id/);
  for (let i = 0; i < note.length; i += 3) {
    const changed = `${note.slice(0, i)}${note[i] === "x" ? "y" : "x"}${note.slice(i + 1)}`;
    await assert.rejects(readCheckpoint(changed, key), `${i}`);
  }
});

// The example of Go's golang.org/x/mod/sumdb/note, which the format comes from.
test("a note that another program signed is read", async () => {
  const stranger = await readKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const signature =
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
  assert.equal(await readNote(`${text}\n— PeterNeumann ${signature}\n`, stranger), text);
});

// The vectors of Certificate Transparency's own tests: eight leaves and the roots over the first of them.
test("roots are those of Certificate Transparency", async () => {
  const leaves = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ];
  const roots = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ];
  const hashes = await Promise.all(leaves.map((leaf) => leafHash(Buffer.from(leaf, "hex"))));
  const root = async (some: Uint8Array[]): Promise<Uint8Array> => {
    const [only] = some;
    if (only && some.length === 1) return only;
    let half = 1;
    while (half * 2 < some.length) half *= 2;
    return sha256(Uint8Array.of(1), await root(some.slice(0, half)), await root(some.slice(half)));
  };
  for (const [i, expected] of roots.entries())
    assert.equal(hex(await root(hashes.slice(0, i + 1))), expected);
});

test("the program says so, and its exit code too", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "verify-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
      encoding: "utf8",
    });
    return { status, stdout };
  };
  const at = (name: string): string => join(vectors, name);
  const keyed = ["--key", at("key.txt")];
  const whole = run("export", at("export.jsonl"), ...keyed);
  assert.equal(whole.status, 0);
  assert.match(whole.stdout, /^VERIFIED. All 7 entries .* complete/);
  assert.equal(run("consistency", at("old.note"), at("new.note"), at("consistency.txt"), ...keyed).status, 0);
  assert.equal(run("consistency", at("new.note"), at("old.note"), at("consistency.txt"), ...keyed).status, 1);
  assert.equal(run("checkpoint", at("new.note"), ...keyed).status, 0);
  const cut = join(folder, "cut.jsonl");
  writeFileSync(cut, lines.toSpliced(4, 1).join("\n"));
  const bad = run("export", cut, ...keyed);
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /^NOT VERIFIED:\n {2}line 5: has number 5 where 4 must stand/);
  assert.equal(run("export", join(folder, "nothing"), ...keyed).status, 2);
  assert.equal(run("export").status, 2);
});

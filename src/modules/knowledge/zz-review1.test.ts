import { test } from "node:test";
import { Readable } from "node:stream";
import { addReady, openStand, openToAll, upload } from "../../../test/support/knowledge.ts";
import { deleteDocument, deleteFolder } from "./bin/deleting.ts";
import { storageOf } from "./storage/quotas.ts";
import { compareLines } from "./versions/compare.ts";
import { securitySnapshot } from "../trust/snapshot.ts";
import { storeRun } from "../trust/runs/service.ts";
import { readFileSync } from "node:fs";
import { beginUpload } from "./uploads/service.ts";
import { takePiece } from "./uploads/pieces.ts";
import { finishUpload, cancelUpload } from "./uploads/ending.ts";

test("R1", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "manager"), await workspace.hire("Omar", "owner")];
  const items = [];
  for (let i = 0; i < 5; i++) items.push((await upload(mara, { name: `f${i}.md`, content: `text ${i}` })).items[0]!);
  await workspace.run("knowledge.read-document", items[0]!.id);
  for (const { id } of items) await deleteDocument(mara.as("document.delete"), id);
  for (const { id } of items) await workspace.run("knowledge.read-document", id);
  await workspace.run("knowledge.index", workspace.tenant.id);
  await workspace.run("knowledge.index", workspace.tenant.id);
  console.log("waiting after delete+read+index:", JSON.stringify((await storageOf(omar.as("storage.read"))).waiting));
  // compare
  const mk = (s: string, n: number, len: number) => Array.from({ length: n }, (_, i) => ({ text: "p".repeat(len) + s + i, page: null }));
  for (const len of [0, 1000]) {
    const t0 = performance.now(); let longest = 0, last = t0;
    const g = compareLines(mk("a", 4000, len), mk("b", 4000, len));
    for (;;) { const r = g.next(); const now = performance.now(); longest = Math.max(longest, now - last); last = now; if (r.done) { console.log("compare len", len, "items", r.value.items.length, "cut", r.value.cut, "longest block ms", Math.round(longest)); break; } }
  }
  // upload races
  const up = await beginUpload(mara.as("document.upload"), { name: "b.txt", bytes: 12, folder: null });
  async function* piece() { yield { offset: 0, stream: Readable.from([Buffer.from("hello world!")]) }; }
  await takePiece(mara.as("document.upload"), up.id, piece());
  console.log("finish x3 + cancel:", (await Promise.allSettled([...[1, 2, 3].map(() => finishUpload(mara.as("document.upload"), up.id)), cancelUpload(mara.as("document.upload"), up.id)])).map((r) => r.status === "fulfilled" ? "ok" : `${(r.reason as any).code}`));
  // security.json
  let results: any[] = [];
  try { const raw = JSON.parse(readFileSync("/tmp/vs/c1.json", "utf8")); results = Array.isArray(raw) ? raw : raw.results; } catch (e) { console.log(e); }
  console.log("results", results?.length, JSON.stringify(results).length);
  for (let i = 0; i < 90; i++) await storeRun(stand.system, results, { at: new Date(Date.now() - i * 86400_000) });
  let t0 = performance.now(); await securitySnapshot(stand.system); console.log("one snapshot ms", Math.round(performance.now() - t0));
  t0 = performance.now(); await Promise.all(Array.from({ length: 40 }, () => securitySnapshot(stand.system))); console.log("40 snapshots ms", Math.round(performance.now() - t0));
});

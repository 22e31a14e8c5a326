import { openInstallation } from "./installation.ts";
import { openSearchWorkspace } from "./search-workspace.ts";
import { zipf } from "./zipf.ts";
import { findPassages } from "../src/modules/knowledge/service.ts";
import { lookUp } from "../src/modules/knowledge/index/lookup.ts";
import { enter } from "../src/kernel/database/unit.ts";
import { keysOf } from "../src/kernel/context.ts";
import { openPlainSearch, vacuumIndex } from "./search-plain.ts";
const inst = await openInstallation({ durable: false });
const url = inst.postgres.url("postgres", "vouchsafe");
const plain = await openPlainSearch(url);
const text = zipf(2);
const ws: any[] = [];
const T = Number(process.argv[2] ?? 20);
let t0 = performance.now();
for (let i = 0; i < T; i++) {
  const w = await openSearchWorkspace(inst.system, `t-${i}`);
  const bodies = Array.from({ length: 300 }, () => text.text(110));
  const ids = await w.add(Array.from({ length: 30 }, (_, d) => ({ name: text.text(4), language: "en", passages: bodies.slice(d * 10, d * 10 + 10) })));
  await plain.add(w.tenantId, bodies.map((body, id) => ({ id, document: ids[Math.floor(id / 10)], title: "x", body })));
  await w.index();
  ws.push({ w, words: bodies.slice(0, 3).join(" ").split(/\W+/).filter(Boolean) });
}
console.log("fill", (performance.now() - t0) / T, "ms/tenant");
await plain.ready();
await vacuumIndex(url);
const client = new (await import("pg")).default.Client({ connectionString: url });
await client.connect();
console.log((await client.query("select state, count(*), count(distinct tenant_id) t, sum(weight) w from index_segment group by 1")).rows);
console.log((await client.query("select count(*), sum(octet_length(body)) b from index_posting")).rows);
const stop = new Set(Array.from({ length: 20 }, (_, r) => text.word(r)));
const q = (i: number) => { const { w, words } = ws[i % T]; const out: string[] = []; while (out.length < 2 + (i % 4)) { const x = words[Math.floor(text.random() * words.length)]; if (!stop.has(x)) out.push(x); } return { w, q: out.join(" ") }; };
const st: Record<string, number[]> = {};
const timed = async (n: string, f: () => Promise<unknown>) => { const s = performance.now(); await f(); (st[n] ??= []).push(performance.now() - s); };


let same = 0;
for (let i = 0; i < 500; i++) {
  if (i === 200) for (const k of Object.keys(st)) st[k] = [];
  const c = q(i);
  await timed("enter", () => enter(c.w.ctx()));
  await timed("find", () => findPassages(c.w.ctx(), c.w.memberId, c.q, 10));
  let a: any, b: any;
  await timed("plain", async () => { a = await plain.search(c.w.tenantId, c.q); });
  await timed("plainAs", async () => { b = await plain.searchAs(c.w.ctx(), c.w.memberId, c.q); });
  if (JSON.stringify(a.map((x: any) => x.id)) === JSON.stringify(b.map((x: any) => x.id))) same++;
}
console.log("same", same);
for (const [k, v] of Object.entries(st)) { v.sort((a, b) => a - b); console.log(k, (v[Math.floor(v.length / 2)] ?? 0).toFixed(3), (v[Math.floor(v.length * 0.95)] ?? 0).toFixed(3)); }

await client.end();
await plain.drop();
await inst.close();

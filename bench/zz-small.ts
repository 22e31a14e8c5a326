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
  await w.add(Array.from({ length: 30 }, (_, d) => ({ name: text.text(4), language: "en", passages: bodies.slice(d * 10, d * 10 + 10) })));
  await plain.add(w.tenantId, bodies.map((body, id) => ({ id, title: "x", body })));
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
for (let i = 0; i < 600; i++) {
  if (i === 200) for (const k of Object.keys(st)) st[k] = [];
  const c = q(i);
  await timed("keys", () => keysOf(c.w.ctx()));
  await timed("enter", () => enter(c.w.ctx()));
  await timed("lookUp", () => lookUp(c.w.ctx(), { memberId: c.w.memberId, text: c.q, filters: {}, typing: false, limit: 10 }));
  await timed("find", () => findPassages(c.w.ctx(), c.w.memberId, c.q, 10));
  await timed("plain", () => plain.search(c.w.tenantId, c.q));
}
for (const [k, v] of Object.entries(st)) { v.sort((a, b) => a - b); console.log(k, v[Math.floor(v.length / 2)]!.toFixed(3), v[Math.floor(v.length * 0.95)]!.toFixed(3)); }

const { passagesByNumber } = await import("../src/modules/knowledge/service.ts") as any;
const w0 = ws[0].w;
const comp = passagesByNumber({ memberId: w0.memberId, now: new Date(), opened: false, tenant: w0.tenantId, numbers: [3, 30, 60, 90, 120, 150, 180, 210, 240, 270] }).compile();
const lit = (v: unknown): string => v instanceof Date ? `'${v.toISOString()}'` : Array.isArray(v) ? `'{${v.join(",")}}'` : v === null ? "null" : `'${String(v)}'`;
await client.query("begin");
await client.query("set local role vouchsafe_app");
await client.query(`select kernel.enter_without_session('${w0.tenantId}', 'job', true)`).catch((e: Error) => console.log(e.message));
const types = comp.parameters.map((v: unknown) => v instanceof Date ? "timestamptz" : Array.isArray(v) ? "bigint[]" : "uuid").join(",");
await client.query(`prepare q(${types}) as ${comp.sql}`);
for (let i = 0; i < 8; i++) {
  const r = await client.query(`explain (analyze, summary) execute q(${comp.parameters.map(lit).join(",")})`);
  const lines = r.rows.map((x: any) => x["QUERY PLAN"]);
  if (i === 7) console.log(lines.join("\n")); else console.log(lines.filter((l: string) => /Time/.test(l)).join(" "));
}
await client.query("rollback");
await client.end();
await plain.drop();
await inst.close();

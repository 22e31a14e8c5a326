/**
 * The search engine alone, in this process, on a collection in the BEIR shape.
 * node bench/search-engine.ts --data FOLDER   (docs.jsonl {id,title,text}, queries.jsonl {id,text}, qrels.tsv)
 * Prints one JSON document: nDCG@10, recall@10, bytes, megabytes a second, milliseconds a query.
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Cell, IndexKeys } from "../src/modules/knowledge/search/keys.ts";
import { parseQuery, queryTermHashes } from "../src/modules/knowledge/search/query.ts";
import { search } from "../src/modules/knowledge/search/rank.ts";
import { buildSegment, openSegment } from "../src/modules/knowledge/search/segment.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    batch: { type: "string", default: "1000" },
    copies: { type: "string", default: "1" },
  },
});
if (values.data === undefined) throw new Error("say where the collection is: --data FOLDER");
const folder = values.data;

type Doc = { id: string; title: string; text: string };
const docs = lines("docs.jsonl").map((line): Doc => JSON.parse(line));
const queries = lines("queries.jsonl").map((line): { id: string; text: string } => JSON.parse(line));
const judged = new Map<string, Map<string, number>>();
for (const [query, doc, grade] of lines("qrels.tsv").map((line) => line.split("\t"))) {
  if (query === undefined || doc === undefined || !(Number(grade) > 0)) continue;
  judged.set(query, (judged.get(query) ?? new Map()).set(doc, Number(grade)));
}

const keys = benchKeys();
const copies = Number(values.copies);
const batch = Number(values.batch);
const all = Array.from({ length: copies }, () => docs).flat();
const textBytes = all.reduce(
  (sum, doc) => sum + Buffer.byteLength(doc.title) + Buffer.byteLength(doc.text),
  0,
);

const indexStart = performance.now();
const built = [];
for (let from = 0; from < all.length; from += batch) {
  const passages = all.slice(from, from + batch).map((doc, i) => ({
    passage: from + i,
    document: from + i,
    title: doc.title,
    heading: null,
    text: doc.text,
  }));
  built.push(buildSegment(passages, keys, `segment-${from}`));
}
const indexSeconds = (performance.now() - indexStart) / 1000;
const rows = built.reduce((sum, segment) => sum + segment.postings.length, 0);
const indexBytes = built.reduce(
  (sum, s) =>
    sum + s.stats.length + s.postings.reduce((n, row) => n + row.termHash.length + row.body.length, 0),
  0,
);

// What the SQL layer does: rows by hash. The tables are kept open, as the server keeps them.
const stored = built.map((segment) => ({
  table: openSegment(segment.segmentId, segment.stats, keys),
  rows: new Map(segment.postings.map(({ termHash, body }) => [termHash.toString("hex"), body])),
}));
const times: number[] = [];
let ndcg = 0;
let recall = 0;
let counted = 0;
for (const [round, { id, text }] of [
  ...queries.map((q) => [0, q] as const),
  ...queries.map((q) => [1, q] as const),
]) {
  const start = performance.now();
  const query = parseQuery(text);
  const hashes = queryTermHashes(query, keys).map((hash) => hash.toString("hex"));
  const segments = stored.map((segment) => ({
    table: segment.table,
    postings: new Map(
      hashes.flatMap((hex): Array<[string, Buffer]> => {
        const body = segment.rows.get(hex);
        return body ? [[hex, body]] : [];
      }),
    ),
  }));
  const hits = search({ query, segments, keys, visible: () => true, limit: 10 });
  if (round === 1) times.push(performance.now() - start);
  const relevant = judged.get(id);
  if (round === 0 && relevant !== undefined && copies === 1) {
    const ids = hits.map((hit) => docs[hit.passage]?.id ?? "");
    const grades = ids.map((doc) => relevant.get(doc) ?? 0);
    const ideal = [...relevant.values()].sort((a, b) => b - a).slice(0, 10);
    ndcg += gain(grades) / gain(ideal);
    recall += grades.filter((grade) => grade > 0).length / relevant.size;
    counted += 1;
  }
}
times.sort((a, b) => a - b);
const round = (n: number, digits: number): number => Number(n.toFixed(digits));
const report = {
  passages: all.length,
  segments: built.length,
  rows,
  textBytes,
  indexBytes,
  indexMegabytesPerSecond: round(textBytes / 1e6 / indexSeconds, 2),
  ndcg10: counted > 0 ? round(ndcg / counted, 4) : null,
  recall10: counted > 0 ? round(recall / counted, 4) : null,
  queries: times.length,
  p50: round(times[Math.floor(times.length * 0.5)] ?? 0, 3),
  p95: round(times[Math.floor(times.length * 0.95)] ?? 0, 3),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

function lines(name: string): string[] {
  return readFileSync(join(folder, name), "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function gain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);
}

/** Keys of the same make as the server's: HMAC-SHA256 cut to 12 bytes, AES-256-GCM bound to the cell. */
function benchKeys(): IndexKeys {
  const hashKey = createSecretKey(randomBytes(32));
  const dataKey = createSecretKey(randomBytes(32));
  const bound = (cell: Cell): Buffer => Buffer.from(`${cell.table}/${cell.column}/${cell.row}`);
  return {
    hash: (term) => createHmac("sha256", hashKey).update(term).digest().subarray(0, 12),
    seal: (cell, plaintext) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", dataKey, nonce).setAAD(bound(cell));
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open: (cell, sealed) => {
      const cipher = createDecipheriv("aes-256-gcm", dataKey, sealed.subarray(0, 12), { authTagLength: 16 });
      cipher.setAAD(bound(cell)).setAuthTag(sealed.subarray(-16));
      return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
    },
  };
}

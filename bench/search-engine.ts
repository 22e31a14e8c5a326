/**
 * The search engine alone, in this process, on a collection in the BEIR shape, cut into passages as the product cuts
 * documents. node bench/search-engine.ts --data FOLDER [--compare] [--proxies] [--merged] [--copies 20]
 * Prints one JSON document: nDCG@10, recall@10, bytes, megabytes a second, milliseconds a query.
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { chunk } from "../src/modules/knowledge/extraction/chunk.ts";
import { atOnce } from "../src/modules/knowledge/gently.ts";
import { documentsOf } from "../src/modules/knowledge/search/documents.ts";
import type { Cell, IndexKeys } from "../src/modules/knowledge/search/keys.ts";
import { startMerge } from "../src/modules/knowledge/search/merge.ts";
import { parseQuery, queryKeys } from "../src/modules/knowledge/search/query.ts";
import { search } from "../src/modules/knowledge/search/rank.ts";
import {
  type BuiltSegment,
  buildSegment,
  openSegment,
  type PassageToIndex,
  type PostingRow,
} from "../src/modules/knowledge/search/segment.ts";
import { shapeOf } from "../src/modules/knowledge/search/table.ts";
import { everything } from "../src/modules/knowledge/search/view.ts";
import {
  type Doc,
  plainRanking,
  proxiesOf,
  qualityOf,
  type Ranking,
  readCollection,
  winkRanking,
} from "./search-quality.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    batch: { type: "string", default: "500" },
    copies: { type: "string", default: "1" },
    compare: { type: "boolean", default: false },
    proxies: { type: "boolean", default: false },
    merged: { type: "boolean", default: false },
  },
});
if (values.data === undefined) throw new Error("say where the collection is: --data FOLDER");

const keys = benchKeys();
const collection = readCollection(values.data);
const copies = Number(values.copies);
const docs = copies === 1 ? collection.docs : Array.from({ length: copies }, () => collection.docs).flat();
const index = indexOf(docs);
const ours = rankingOf(index, docs);
const quality = qualityOf(collection, ours);
const times = collection.queries.map(({ text }) => {
  const start = performance.now();
  ask(index, text, 10);
  return performance.now() - start;
});
times.sort((a, b) => a - b);
const compared = (name: string, of: { docs: Doc[] }): unknown => ({
  name,
  ours: qualityOf({ ...collection, ...of }, rankingOf(indexOf(of.docs), of.docs)),
  ...(values.compare
    ? {
        wink: qualityOf({ ...collection, ...of }, winkRanking(of.docs)),
        plain: qualityOf({ ...collection, ...of }, plainRanking(of.docs)),
      }
    : {}),
});
const round = (n: number, digits: number): number => Number(n.toFixed(digits));
const report = {
  documents: docs.length,
  passages: index.passages,
  segments: index.segments.length,
  rows: index.rows,
  textBytes: index.textBytes,
  indexBytes: index.bytes,
  bytesPerMegabyteOfText: Math.round((index.bytes / index.textBytes) * 1e6),
  indexMegabytesPerSecond: round(index.textBytes / 1e6 / index.seconds, 2),
  mergeSeconds: index.mergeSeconds === null ? null : round(index.mergeSeconds, 2),
  ...(copies === 1 ? quality : {}),
  p50: round(times[Math.floor(times.length * 0.5)] ?? 0, 3),
  p95: round(times[Math.floor(times.length * 0.95)] ?? 0, 3),
  ...(values.compare
    ? { wink: qualityOf(collection, winkRanking(docs)), plain: qualityOf(collection, plainRanking(docs)) }
    : {}),
  ...(values.proxies ? { proxies: proxiesOf(collection).map((proxy) => compared(proxy.name, proxy)) } : {}),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

type Index = ReturnType<typeof indexOf>;

function indexOf(all: readonly Doc[]) {
  const passages = all.flatMap((doc, document) => {
    const texts = chunk([{ kind: "paragraph", text: doc.text, page: null }]).map(({ text }) => text);
    return (texts.length === 0 ? [""] : texts).map((text) => ({
      document,
      title: doc.title,
      heading: null,
      text,
    }));
  });
  const start = performance.now();
  let built: BuiltSegment[] = [];
  const size = Number(values.batch);
  for (let from = 0; from < passages.length; from += size) {
    const some = passages
      .slice(from, from + size)
      .map((one, i): PassageToIndex => ({ ...one, passage: from + i, language: null }));
    built.push(buildSegment(some, keys, `segment-${from}`));
  }
  const seconds = (performance.now() - start) / 1000;
  let mergeSeconds: number | null = null;
  if (values.merged && built.length > 1) {
    const mergeStart = performance.now();
    built = [merged(built)];
    mergeSeconds = (performance.now() - mergeStart) / 1000;
  }
  const rowBytes = (row: PostingRow): number => row.termHash.length + row.body.length;
  return {
    passages: passages.length,
    seconds,
    mergeSeconds,
    textBytes: all.reduce((sum, doc) => sum + Buffer.byteLength(doc.title) + Buffer.byteLength(doc.text), 0),
    rows: built.reduce((sum, segment) => sum + segment.postings.length, 0),
    bytes: built.reduce(
      (sum, s) => sum + s.stats.length + s.postings.reduce((n, row) => n + rowBytes(row), 0),
      0,
    ),
    segments: built.map((segment) => {
      const table = openSegment(segment.segmentId, segment.stats, keys);
      const rows = new Map(segment.postings.map(({ termHash, body }) => [termHash.toString("hex"), body]));
      return { table, rows, shown: everything(table) };
    }),
  };
}

function merged(built: readonly BuiltSegment[]): BuiltSegment {
  const sources = built.map(({ segmentId, stats }) => openSegment(segmentId, stats, keys));
  const merge = startMerge({ sources, keys, segmentId: "merged", keeps: () => true });
  const rows = built
    .flatMap(({ segmentId, postings }) => postings.map((row) => ({ ...row, segmentId })))
    .sort((a, b) => Buffer.compare(a.termHash, b.termHash));
  const postings = atOnce(merge.add(rows));
  const last = atOnce(merge.end());
  return {
    segmentId: "merged",
    postings: [...postings, ...last.postings],
    stats: last.stats,
    passages: merge.passages,
  };
}

/** What the server does, but for the database: rows by key, tables kept open. */
function ask({ segments }: Index, text: string, limit: number) {
  const shape = shapeOf(segments.map(({ table }) => table));
  const query = parseQuery(text, { languages: shape.languages });
  const hexes = queryKeys(query, keys, shape.depths).map((key) => key.toString("hex"));
  const found = segments.map(({ table, rows, shown }) => {
    const postings = new Map<string, Buffer>();
    for (const hex of hexes) {
      const body = rows.get(hex);
      if (body) postings.set(hex, body);
    }
    return { table, postings, shown };
  });
  return search({ query, segments: found, keys, visible: () => true, limit });
}

function rankingOf(of: Index, all: readonly Doc[]): Ranking {
  return (query) => documentsOf(ask(of, query, 100).hits).map(({ document }) => all[document]?.id ?? "");
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

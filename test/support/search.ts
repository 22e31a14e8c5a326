import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { atOnce } from "../../src/modules/knowledge/gently.ts";
import { analyse, fold, termsIn } from "../../src/modules/knowledge/search/analysis.ts";
import type { Cell, IndexKeys } from "../../src/modules/knowledge/search/keys.ts";
import { languageOf } from "../../src/modules/knowledge/search/languages.ts";
import { classLengths, lengthClass } from "../../src/modules/knowledge/search/lengths.ts";
import { startMerge } from "../../src/modules/knowledge/search/merge.ts";
import { parseQuery, queryKeys } from "../../src/modules/knowledge/search/query.ts";
import { type Answer, search } from "../../src/modules/knowledge/search/rank.ts";
import {
  type BuiltSegment,
  openSegment,
  type PassageToIndex,
} from "../../src/modules/knowledge/search/segment.ts";
import { SCALE } from "../../src/modules/knowledge/search/skipping.ts";
import { spellingKeys } from "../../src/modules/knowledge/search/spelling.ts";
import { shapeOf } from "../../src/modules/knowledge/search/table.ts";

/** Keys of the same make as the server's. */
export function searchKeys(): IndexKeys {
  const key = randomBytes(32);
  const bound = (cell: Cell): Buffer => Buffer.from(JSON.stringify(cell));
  return {
    hash: (term) => createHmac("sha256", key).update(term).digest().subarray(0, 12),
    seal: (cell, plaintext) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound(cell));
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open: (cell, sealed) => {
      const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12), { authTagLength: 16 });
      cipher.setAAD(bound(cell)).setAuthTag(sealed.subarray(-16));
      return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
    },
  };
}

export const passageOf = (passage: number, document: number, text: string, title = ""): PassageToIndex => ({
  passage,
  document,
  title,
  heading: null,
  text,
  language: null,
});

export type Asking = {
  visible?: (document: number) => boolean;
  limit?: number;
  typing?: boolean;
  /** Every row that was asked for, by hex. */
  seen?: (key: string) => void;
};

/** A search as the server does it, over segments that are kept here. */
export function askSegments(
  built: readonly BuiltSegment[],
  keys: IndexKeys,
  text: string,
  { visible = () => true, limit = 50, typing = false, seen }: Asking = {},
): Answer {
  const opened = built.map(({ segmentId, stats, postings }) => ({
    table: openSegment(segmentId, stats, keys),
    all: new Map(postings.map((row) => [row.termHash.toString("hex"), row.body])),
    postings: new Map<string, Buffer>(),
  }));
  const shape = shapeOf(opened.map(({ table }) => table));
  const query = parseQuery(text, { languages: shape.languages, typing });
  const fetch = (wanted: readonly Buffer[]): void => {
    for (const key of wanted) {
      const hex = key.toString("hex");
      seen?.(hex);
      for (const { all, postings } of opened) {
        const body = all.get(hex);
        if (body) postings.set(hex, body);
      }
    }
  };
  fetch(queryKeys(query, keys, shape.depths));
  const request = { query, segments: opened, keys, visible, limit };
  const first = search(request);
  if (first.misspelt.length === 0) return first;
  fetch(spellingKeys(first.misspelt, keys, shape.depths));
  return search({ ...request, spelling: first.misspelt });
}

/** Segments merged into one, their rows given in pages of `page`. */
export function mergeSegments(
  built: readonly BuiltSegment[],
  keys: IndexKeys,
  segmentId: string,
  keeps: (document: number) => boolean = () => true,
  page = 7,
): BuiltSegment {
  const sources = built.map((one) => openSegment(one.segmentId, one.stats, keys));
  const merge = startMerge({ sources, keys, segmentId, keeps });
  const rows = built
    .flatMap((one) => one.postings.map((row) => ({ ...row, segmentId: one.segmentId })))
    .sort((a, b) => Buffer.compare(a.termHash, b.termHash));
  const postings = [];
  for (let from = 0; from < rows.length; from += page) {
    for (const row of atOnce(merge.add(rows.slice(from, from + page)))) postings.push(row);
  }
  const last = atOnce(merge.end());
  return {
    segmentId,
    postings: [...postings, ...last.postings],
    stats: last.stats,
    passages: merge.passages,
  };
}

/**
 * BM25 written out plainly over the texts themselves, phrases and beginnings of words by looking for them: what the
 * index must give, whatever it skips. Knows nothing of segments, blocks or rows.
 */
export function plainSearch(
  passages: readonly PassageToIndex[],
  text: string,
  { limit = 50, typing = false, visible = () => true }: Asking = {},
): { passage: number; score: number }[] {
  const docs = passages.filter((doc) => visible(doc.document));
  const index = new Map(docs.map((doc, d) => [doc.passage, d]));
  const weight = [2, 2, 1];
  const languages = new Set(passages.map((doc) => languageOf(doc.language)));
  const query = parseQuery(text, {
    languages: ["en", "de", "fr"].map(languageOf).filter((l) => languages.has(l)),
    typing,
  });
  const fields = docs.map((doc) =>
    [doc.title, doc.heading ?? "", doc.text].map((field) => analyse(field, languageOf(doc.language))),
  );
  const counts = fields.map((of) => {
    const tf = new Map<string, number>();
    of.forEach((tokens, f) => {
      const places = new Set(tokens.map(({ term, position }) => `${term} ${position}`));
      for (const place of places) {
        const term = place.slice(0, place.lastIndexOf(" "));
        tf.set(term, Math.min(255, (tf.get(term) ?? 0) + (weight[f] ?? 0)));
      }
    });
    return tf;
  });
  const lengths = fields.map((of) => {
    const length = of.reduce(
      (sum, tokens, f) =>
        sum + new Set(tokens.filter((t) => !t.stop).map((t) => t.position)).size * (weight[f] ?? 0),
      0,
    );
    return classLengths[lengthClass(length)] ?? 0;
  });
  const average = lengths.reduce((sum, n) => sum + n, 0) / docs.length;
  const scores = docs.map(() => 0);
  // What stands around a passage: up to two on each side, of the same document.
  const around = docs.map((doc, d) => {
    const near = [d];
    for (const step of [-1, 1]) {
      for (let i = 1; i <= 2; i += 1) {
        const next = index.get(doc.passage + i * step);
        if (next === undefined || docs[next]?.document !== doc.document) break;
        near.push(next);
      }
    }
    return near;
  });
  const documents = new Set(docs.map((doc) => doc.document)).size;
  const total = lengths.reduce((sum, n) => sum + n, 0);
  const usual = Math.min(total / documents, (total / docs.length) * 5);
  const wider = docs.map(() => 0);
  const add = (times: number, df: number, tfOf: (d: number) => number): void => {
    const idf = 2.2 * SCALE * Math.log(1 + (docs.length - df + 0.5) / (df + 0.5));
    docs.forEach((_, d) => {
      const tf = tfOf(d);
      const norm = 1.2 * (1 - 0.75) + (average > 0 ? (1.2 * 0.75 * (lengths[d] ?? 0)) / average : 0);
      scores[d] = (scores[d] ?? 0) + Math.floor((times * idf * tf) / (tf + norm));
      const near = around[d] ?? [];
      const title = near.every((n) => tfOf(n) >= 2) ? 2 * (near.length - 1) : 0;
      const nearTf = near.reduce((sum, n) => sum + tfOf(n), 0) - title;
      const nearLength = near.reduce((sum, n) => sum + (lengths[n] ?? 0), 0);
      const nearNorm = 1.2 * (1 - 0.5 + (usual > 0 ? (0.5 * nearLength) / usual : 0));
      wider[d] = (wider[d] ?? 0) + Math.floor((times * idf * nearTf) / (nearTf + nearNorm));
    });
  };
  for (const { alternatives, weight: times } of query.words) {
    const dfs = alternatives.map((term) => counts.filter((tf) => tf.has(term)).length);
    const df = Math.min(
      docs.length,
      dfs.reduce((sum, n) => sum + n, 0),
    );
    for (const term of alternatives) add(times, df, (d) => counts[d]?.get(term) ?? 0);
  }
  if (query.typed !== null) {
    const typed = query.typed;
    const own = new Set(
      query.words.filter(({ word }) => word?.folded === typed).flatMap((w) => w.alternatives),
    );
    const begins = fields.map((of) =>
      of.flat().some(({ word, stop }) => {
        if (word === null || stop || word.folded.length < 3 || word.folded.length > 40) return false;
        return (
          fold(word.lower).startsWith(typed) &&
          !query.languages.every((l) => termsIn(word.lower, l).some((term) => own.has(term)))
        );
      }),
    );
    add(0.7, begins.filter(Boolean).length, (d) => (begins[d] ? 1 : 0));
  }
  return docs
    .map((doc, d) => {
      const of = fields[d] ?? [];
      const holds = query.phrases.every((phrase) =>
        of.some((tokens) =>
          tokens.some(({ position }) =>
            phrase.every(({ alternatives, offset }) =>
              tokens.some((t) => t.position === position + offset && alternatives.includes(t.term)),
            ),
          ),
        ),
      );
      return { passage: doc.passage, score: holds ? (scores[d] ?? 0) : 0, wider: wider[d] ?? 0 };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.passage - b.passage)
    .slice(0, limit <= 100 ? 100 : 1_000)
    .map((hit) => ({ passage: hit.passage, score: Math.floor(hit.score * 0.5 + hit.wider * 0.5) / SCALE }))
    .sort((a, b) => b.score - a.score || a.passage - b.passage)
    .slice(0, limit);
}

/** Numbers that are the same in every run (a linear congruential generator). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return below === 0 ? 0 : Math.floor((state / 2 ** 32) * below);
  };
}

/** What a search engine's ranking is worth on a collection in the BEIR shape, and other rankings to compare it with. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export type Doc = { id: string; title: string; text: string };
export type Collection = {
  name: string;
  docs: Doc[];
  queries: { id: string; text: string }[];
  /** Grades above 0, by query and document. */
  judged: Map<string, Map<string, number>>;
};

/** Identifiers of documents, best first. */
export type Ranking = (query: string) => string[];
export type Quality = { ndcg10: number; recall10: number; queries: number };

/** A folder with docs.jsonl {id,title,text}, queries.jsonl {id,text}, qrels.tsv. */
export function readCollection(folder: string): Collection {
  const lines = (name: string): string[] =>
    readFileSync(join(folder, name), "utf8")
      .split("\n")
      .filter((line) => line !== "");
  const judged: Collection["judged"] = new Map();
  for (const [query, doc, grade] of lines("qrels.tsv").map((line) => line.split("\t"))) {
    if (query === undefined || doc === undefined || !(Number(grade) > 0)) continue;
    judged.set(query, (judged.get(query) ?? new Map<string, number>()).set(doc, Number(grade)));
  }
  const docs = lines("docs.jsonl").map((line): Doc => {
    const { id, title, text } = JSON.parse(line) as Doc;
    return { id, title: title ?? "", text };
  });
  const queries = lines("queries.jsonl").map((line) => JSON.parse(line) as { id: string; text: string });
  return { name: folder, docs, queries, judged };
}

export function qualityOf({ queries, judged }: Collection, rank: Ranking): Quality {
  let [ndcg, recall, counted] = [0, 0, 0];
  for (const { id, text } of queries) {
    const relevant = judged.get(id);
    if (relevant === undefined) continue;
    // A query that is itself a document of the collection (as in ArguAna) does not find itself.
    const grades = rank(text)
      .filter((doc) => doc !== id)
      .slice(0, 10)
      .map((doc) => relevant.get(doc) ?? 0);
    const ideal = [...relevant.values()].sort((a, b) => b - a).slice(0, 10);
    ndcg += gain(grades) / gain(ideal);
    recall += grades.filter((grade) => grade > 0).length / relevant.size;
    counted += 1;
  }
  const round = (n: number): number => (counted === 0 ? 0 : Number((n / counted).toFixed(4)));
  return { ndcg10: round(ndcg), recall10: round(recall), queries: counted };
}

const gain = (grades: readonly number[]): number =>
  grades.reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);

/** The npm library, as its own documentation sets it up. */
export function winkRanking(docs: readonly Doc[]): Ranking {
  const require = createRequire(import.meta.url);
  const bm25 = require("wink-bm25-text-search") as () => Wink;
  const nlp = require("wink-nlp-utils") as {
    string: Record<"lowerCase" | "tokenize0", unknown>;
    tokens: Record<"removeWords" | "stem" | "propagateNegations", unknown>;
  };
  const engine = bm25();
  engine.defineConfig({ fldWeights: { text: 1 } });
  engine.definePrepTasks([
    nlp.string.lowerCase,
    nlp.string.tokenize0,
    nlp.tokens.removeWords,
    nlp.tokens.stem,
    nlp.tokens.propagateNegations,
  ]);
  docs.forEach((doc, i) => {
    engine.addDoc({ text: `${doc.title} ${doc.text}` }, i);
  });
  engine.consolidate();
  return (query) => engine.search(query, 11).map(([i]) => docs[Number(i)]?.id ?? "");
}

type Wink = {
  defineConfig: (config: unknown) => void;
  definePrepTasks: (tasks: unknown[]) => void;
  addDoc: (doc: unknown, id: number) => void;
  consolidate: () => void;
  search: (query: string, limit: number) => [string, number][];
};

/** BM25 as in the textbook (k1 1.2, b 0.75) over lower-case words, whole documents: no stems, no stop words. */
export function plainRanking(docs: readonly Doc[]): Ranking {
  const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const lists = new Map<string, Map<number, number>>();
  const lengths = docs.map((doc, i) => {
    const words = wordsOf(`${doc.title} ${doc.text}`);
    for (const word of words) {
      const list = lists.get(word) ?? new Map<number, number>();
      lists.set(word, list.set(i, (list.get(i) ?? 0) + 1));
    }
    return words.length;
  });
  const average = lengths.reduce((sum, n) => sum + n, 0) / Math.max(1, docs.length);
  return (query) => {
    const scores = new Map<number, number>();
    for (const word of wordsOf(query)) {
      const list = lists.get(word);
      if (list === undefined) continue;
      const idf = Math.log(1 + (docs.length - list.size + 0.5) / (list.size + 0.5));
      for (const [i, tf] of list) {
        const norm = 1.2 * (0.25 + (0.75 * (lengths[i] ?? 0)) / average);
        scores.set(i, (scores.get(i) ?? 0) + (idf * tf * 2.2) / (tf + norm));
      }
    }
    const best = [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 11);
    return best.map(([i]) => docs[i]?.id ?? "");
  };
}

/** Other collections made of the documents of one, each of another shape, to see what wins everywhere. */
export function proxiesOf({ docs }: Collection, queries = 300): Collection[] {
  const random = randomNumbers(1);
  const some = [...docs.keys()]
    .sort((a, b) => hash(a) - hash(b))
    .filter((i) => sentencesOf(docs[i]?.text ?? "").length >= 4)
    .slice(0, queries);
  const collection = (
    name: string,
    all: Doc[],
    text: (doc: Doc) => string,
    target = (i: number) => i,
  ): Collection => ({
    name,
    docs: all,
    queries: some.map((i) => ({ id: `q${i}`, text: text(docs[i] as Doc) })),
    judged: new Map(some.map((i) => [`q${i}`, new Map([[all[target(i)]?.id ?? "", 1]])])),
  });
  const half = (doc: Doc, part: number): string =>
    sentencesOf(doc.text)
      .filter((_, i) => i % 2 === part)
      .join(" ");
  const keywords = (doc: Doc): string => {
    const words = [...new Set(doc.text.match(/[A-Za-z]{4,}/g) ?? [])];
    return Array.from({ length: 4 }, () => words[random(words.length)]).join(" ");
  };
  const sentence = (doc: Doc): string => {
    const all = sentencesOf(doc.text).filter((_, i) => i % 2 === 1);
    return all[random(all.length)] ?? "";
  };
  const fives = Array.from({ length: Math.ceil(docs.length / 5) }, (_, n): Doc => {
    const five = docs.slice(n * 5, n * 5 + 5);
    return { id: `five${n}`, title: "", text: five.map((doc) => doc.text).join("\n\n") };
  });
  return [
    collection(
      "title to text",
      docs.map((doc) => ({ ...doc, title: "" })),
      (doc) => doc.title,
    ),
    collection(
      "half to half",
      docs.map((doc) => ({ ...doc, text: half(doc, 0) })),
      (doc) => half(doc, 1),
    ),
    collection(
      "sentence to the rest",
      docs.map((doc) => ({ ...doc, title: "", text: half(doc, 0) })),
      sentence,
    ),
    collection("keywords", docs, keywords),
    collection(
      "title to five texts",
      fives,
      (doc) => doc.title,
      (i) => Math.floor(i / 5),
    ),
    collection(
      "sentence to title",
      docs.map((doc) => ({ ...doc, text: "" })),
      sentence,
    ),
  ];
}

const sentencesOf = (text: string): string[] =>
  text.split(/(?<=[.!?])\s+/).filter((part) => part.length > 20);
const hash = (i: number): number => Math.imul(i + 1, 2_654_435_761) >>> 0;

/** Numbers that are the same in every run (a linear congruential generator). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return below === 0 ? 0 : Math.floor((state / 2 ** 32) * below);
  };
}

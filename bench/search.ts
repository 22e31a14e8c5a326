import { basename } from "node:path";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { read } from "../src/kernel/database/unit.ts";
import { chunk } from "../src/modules/knowledge/extraction/chunk.ts";
import { lookUp } from "../src/modules/knowledge/index/lookup.ts";
import { documentsOf } from "../src/modules/knowledge/search/documents.ts";
import { findPassages, searchPassages } from "../src/modules/knowledge/service.ts";
import { openInstallation } from "./installation.ts";
import { type Report, report, rounded } from "./report.ts";
import { diskOf, measureManyTenants, measureOneTenant, percentiles } from "./search-generated.ts";
import { openPlainSearch, vacuumIndex } from "./search-plain.ts";
import { type Collection, qualityOf, type Ranking, readCollection, winkRanking } from "./search-quality.ts";
import { openSearchWorkspace, type SearchWorkspace } from "./search-workspace.ts";

/**
 * `search --data FOLDER`: a collection in the BEIR shape through the product's own path and PostgreSQL, beside Postgres
 * full-text search and an npm library. Without it, generated text: one tenant of `--chunks`, `--tenants` of 300.
 */
export async function runSearch(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== "--json"),
    options: {
      data: { type: "string" },
      chunks: { type: "string", default: "100000" },
      tenants: { type: "string", default: "1000" },
      queries: { type: "string", default: "200" },
    },
  });
  if (values.data !== undefined) return measureCollection(readCollection(values.data));
  const queries = Number(values.queries);
  const one = Number(values.chunks) > 0 ? await measureOneTenant(Number(values.chunks), queries) : null;
  const many = Number(values.tenants) > 0 ? await measureManyTenants(Number(values.tenants), queries) : null;
  const bounds = [...(one?.bounds ?? []), ...(many?.bounds ?? [])];
  // The one that is nearest to its bound, or furthest beyond it.
  const worst = Math.max(...bounds.map(({ ratio, most }) => ratio / most));
  return report(
    "search",
    { at: "most", value: 1 },
    worst,
    "Postgres full-text search over the same text in clear (tsvector, GIN, ts_rank), on the same server, in the same member's request among the documents that this member may see, query by query in turn; the ratio is that of the bound that is nearest to its limit",
    { bounds, oneTenant: one?.figures, manyTenants: many?.figures },
  );
}

async function measureCollection(collection: Collection): Promise<Report> {
  const installation = await openInstallation({ durable: false });
  const { system, postgres } = installation;
  const url = postgres.url("postgres", "vouchsafe");
  try {
    const plain = await openPlainSearch(url);
    const workspace = await openSearchWorkspace(system, "collection");
    const ids = new Map<string, string>();
    const began = performance.now();
    for (let from = 0; from < collection.docs.length; from += 200) {
      const docs = collection.docs.slice(from, from + 200);
      const made = await workspace.add(
        docs.map(({ title, text }) => ({
          name: title || "Untitled",
          language: "en",
          passages: chunk([{ kind: "paragraph", text: text || title || "-", page: null }]).map((p) => p.text),
        })),
      );
      made.forEach((id, i) => {
        ids.set(id, docs[i]?.id ?? "");
      });
      await plain.add(
        workspace.tenantId,
        docs.map(({ title, text }, i) => ({ id: from + i, document: made[i] ?? "", title, body: text })),
      );
    }
    const added = performance.now();
    await workspace.index(() => vacuumIndex(url));
    const indexed = performance.now();
    await plain.ready();
    await vacuumIndex(url);

    const wink = winkRanking(collection.docs);
    const numbers = await documentNumbers(workspace, ids);
    const asked = collection.queries.filter(({ id }) => collection.judged.has(id));
    const ours = await answersOf(asked, async (text) => {
      const { answer } = await lookUp(workspace.ctx(), {
        memberId: workspace.memberId,
        text,
        filters: {},
        typing: false,
        limit: 100,
        suggests: false,
      });
      return documentsOf(answer.hits).map(({ document }) => numbers.get(document) ?? "");
    });
    const theirs = await answersOf(asked, async (text) => {
      const rows = await plain.search(workspace.tenantId, text, 11);
      return rows.map(({ id }) => collection.docs[id]?.id ?? "");
    });
    const times: Record<string, number[]> = { product: [], withSnippets: [], postgres: [], library: [] };
    const timed = async (name: string, work: () => unknown) => {
      const start = performance.now();
      await work();
      times[name]?.push(performance.now() - start);
    };
    for (const { text } of asked) {
      await timed("product", () => findPassages(workspace.ctx(), workspace.memberId, text, 10));
      await timed("withSnippets", () => searchPassages(workspace.ctx(), text, 10));
      await timed("postgres", () => plain.search(workspace.tenantId, text));
      await timed("library", () => wink(text));
    }
    const quality = {
      product: qualityOf(collection, ours),
      postgres: qualityOf(collection, theirs),
      library: qualityOf(collection, wink),
    };
    const disk = await diskOf(plain, url);
    await plain.drop();
    const speed = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, percentiles(all)]));
    return report(
      "search",
      { at: "least", value: 1 },
      quality.product.ndcg10 / quality.library.ndcg10,
      "nDCG@10 of wink-bm25-text-search with wink-nlp-utils over the same documents, in this process",
      {
        collection: basename(collection.name),
        documents: collection.docs.length,
        quality,
        milliseconds: speed,
        disk,
        seconds: { adding: rounded((added - began) / 1000), indexing: rounded((indexed - added) / 1000) },
      },
    );
  } finally {
    await installation.close();
  }
}

async function documentNumbers(
  workspace: SearchWorkspace,
  names: ReadonlyMap<string, string>,
): Promise<Map<number, string>> {
  const [rows] = await read(
    workspace.ctx(),
    sql<{ document_id: string; document_no: number }>`select document_id, document_no from document
      where tenant_id = ${workspace.tenantId}`,
  );
  return new Map(rows.map((row) => [row.document_no, names.get(row.document_id) ?? ""]));
}

async function answersOf(
  queries: readonly { readonly text: string }[],
  rank: (text: string) => Promise<string[]>,
): Promise<Ranking> {
  const answers = new Map<string, string[]>();
  for (const { text } of queries) answers.set(text, await rank(text));
  return (text) => answers.get(text) ?? [];
}

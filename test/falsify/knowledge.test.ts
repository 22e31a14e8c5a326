import assert from "node:assert/strict";
import { test } from "node:test";
import { searchCheck } from "../../src/modules/knowledge/checks/search.ts";
import { findPassages } from "../../src/modules/knowledge/service.ts";
import { instanceWithout, red, withHandler } from "./without.ts";

// Words hashed without a key cannot be had here: the index is built in a thread with a key of its own. `falsify` removes
// that key in a copy of the program.
// The search looks with everybody's eyes: whoever asks is found what any colleague may see.
let people: Record<string, readonly string[]> = {};
const { stage } = await instanceWithout((routes) =>
  withHandler(routes, "GET /search", () => async (ctx, { query }) => {
    const { q, limit } = query as unknown as { q: string; limit: number };
    const everybody = people[ctx.tenant?.slug ?? ""] ?? [];
    const found = await Promise.all(everybody.map((id) => findPassages(ctx, id, q, limit)));
    const none = { marks: [], headingMarks: [], nameMarks: [] };
    const items = found
      .flatMap((f) => f.items)
      .map(({ document, passage, page, heading, text }) => {
        const { id, name, kind, folder } = document;
        return { document: { id, name, kind, folder }, passage, page, heading, text, ...none };
      });
    const nothing = { next: null, total: null, didYouMean: null, corrected: null };
    return { items, ...nothing, ms: 1, documents: items.length };
  }),
);

people = Object.fromEntries(
  [stage.a, stage.b].map(({ slug, people: cast }) => [
    slug,
    Object.values(cast)
      .flat()
      .map((p) => p.id),
  ]),
);
const found = red(await searchCheck.check(stage));

test("documents of others among one's own are noticed", () => {
  assert.ok(
    found.some((line) => /^GET \/search \| viewer .* [1-9]\d* too many/.test(line)),
    found.join("\n"),
  );
});

test("a document that was taken back and is still found is noticed", () => {
  assert.ok(
    found.some((line) => line.startsWith("a document that was taken back | viewer")),
    found.join("\n"),
  );
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { TenantKeys } from "../../src/kernel/crypto/tenant-keys.ts";
import { checkSearch } from "../../src/modules/knowledge/checks/search.ts";
import { findPassages } from "../../src/modules/knowledge/service.ts";
import { instanceWithout, red, withHandler } from "./without.ts";

// The search looks with everybody's eyes: whoever asks is found what any colleague may see.
let people: Record<string, readonly string[]> = {};
const { instance, stage } = await instanceWithout((routes) =>
  withHandler(routes, "GET /search", () => async (ctx, { query }) => {
    const { q, limit } = query as unknown as { q: string; limit: number };
    const everybody = people[ctx.tenant?.slug ?? ""] ?? [];
    const found = await Promise.all(everybody.map((id) => findPassages(ctx, id, q, limit)));
    const items = found
      .flatMap((f) => f.items)
      .map(({ document, passage, page, text }) => ({ document, passage, page, text, marks: [] }));
    return { items, ms: 1, documents: items.length };
  }),
);

const unkeyed = (keys: TenantKeys): TenantKeys => ({
  ...keys,
  lookup: (purpose, value) =>
    purpose === "knowledge.index" ? createHash("sha256").update(value).digest() : keys.lookup(purpose, value),
});

people = Object.fromEntries(
  [stage.a, stage.b].map(({ slug, people: cast }) => [
    slug,
    Object.values(cast)
      .flat()
      .map((p) => p.id),
  ]),
);
const { keyring } = instance.system;
const { tenant } = keyring;
Object.assign(keyring, { tenant: async (id: string) => unkeyed(await tenant(id)) });
const found = red(await checkSearch(stage));

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

test("hashes without a key are noticed: equal in two companies, and in any dictionary", () => {
  assert.ok(
    found.some((line) => line.startsWith("the same words in two companies")),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) => line.startsWith("hashes that a dictionary would find")),
    found.join("\n"),
  );
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, test } from "node:test";
import type { TenantKeys } from "../../src/kernel/crypto/tenant-keys.ts";
import { checkSearch } from "../../src/modules/knowledge/checks/search.ts";
import { findPassages } from "../../src/modules/knowledge/service.ts";
import type { Stage } from "../../src/modules/trust/stage/stage.ts";
import { instanceWithout, red, withHandler } from "./without.ts";

// The search looks with everybody's eyes: whoever asks is found what any colleague may see.
let stage: Stage | null = null;
const without = instanceWithout((routes) =>
  withHandler(routes, "GET /search", () => async (ctx, { query }) => {
    const { q, limit } = query as unknown as { q: string; limit: number };
    const cast = [stage?.a, stage?.b].find((c) => c?.slug === ctx.tenant?.slug);
    const everybody = Object.values(cast?.people ?? {}).flat();
    const found = await Promise.all(everybody.map(({ id }) => findPassages(ctx, id, q, limit)));
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

let found: string[] = [];

before(async () => {
  stage = without.stage;
  const { keyring } = without.instance.system;
  const { tenant } = keyring;
  Object.assign(keyring, { tenant: async (id: string) => unkeyed(await tenant(id)) });
  found = red(await checkSearch(without.stage));
});

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

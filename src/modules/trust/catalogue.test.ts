import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue, questions } from "./catalogue.ts";

const PER_MODULE = {
  assistant: 7,
  audit: 4,
  billing: 2,
  connectors: 10,
  contacts: 1,
  crypto: 6,
  http: 6,
  identity: 16,
  knowledge: 3,
  ops: 8,
  privacy: 10,
  tenancy: 14,
  trust: 11,
};

test("every claim is there once, under an id that names its module", () => {
  const ids = catalogue.map(({ id }) => id);
  assert.equal(ids.length, 98);
  assert.equal(new Set(ids).size, 98);
  for (const id of ids) assert.match(id, /^[a-z]+\.[a-z]+(-[a-z]+)*$/);
  const counts = Object.fromEntries(
    Object.keys(PER_MODULE).map((module) => [module, ids.filter((id) => id.startsWith(`${module}.`)).length]),
  );
  assert.deepEqual(counts, PER_MODULE);
});

test("every question has claims, and every claim a question", () => {
  assert.equal(new Set(questions.map(({ id }) => id)).size, questions.length);
  assert.deepEqual(
    new Set(catalogue.map(({ question }) => question)),
    new Set(questions.map(({ id }) => id)),
  );
});

test("claims are whole sentences in a buyer's words", () => {
  for (const { id, words, couldBeWrong } of catalogue) {
    for (const sentence of [words, couldBeWrong]) {
      if (sentence === null) continue;
      assert.match(sentence, /^[A-Z].*[^.]\.$/, id);
      assert.doesNotMatch(sentence, /\b(tenants?|prob(e|es|ed|ing)|slugs?)\b|[!+]|\s\s/i, id);
    }
    assert.doesNotMatch(words, /\.\s+[A-Z]/, `${id}: one sentence`);
  }
});

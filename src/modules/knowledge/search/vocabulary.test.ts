import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { randomNumbers } from "../../../../test/support/search.ts";
import { readerOf } from "./bytes.ts";
import { encodeVocabulary, ordinalsOf, wordsOf, wordText } from "./vocabulary.ts";

type Words = { word: string; ordinals: number[] }[];
const vectors: {
  vocabularies: { passages: number; words: Words; bytes: string }[];
  refused: { name: string; passages: number; bytes: string }[];
} = JSON.parse(readFileSync(new URL("../../../../testdata/search/vocabulary.json", import.meta.url), "utf8"));

const encode = (words: Words, passages: number): Uint8Array =>
  encodeVocabulary(
    words.map(({ word, ordinals }) => ({ word: Buffer.from(word), ordinals })),
    passages,
  );

const inOrder = (words: Words): Words =>
  words.toSorted((a, b) => Buffer.compare(Buffer.from(a.word), Buffer.from(b.word)));

function decodeEach(bytes: Uint8Array, passages: number): Words {
  const words: Words = [];
  for (const word of wordsOf(readerOf(bytes))) {
    words.push({ word: wordText(word.bytes), ordinals: [...ordinalsOf(word, passages)] });
  }
  return words;
}

test("writes the bytes of the vectors, and reads them back", () => {
  for (const { passages, words, bytes } of vectors.vocabularies) {
    assert.equal(Buffer.from(encode(words, passages)).toString("hex"), bytes);
    assert.deepEqual(decodeEach(Buffer.from(bytes, "hex"), passages), inOrder(words));
  }
});

test("refuses what no writer writes", () => {
  for (const { name, passages, bytes } of vectors.refused) {
    assert.throws(() => decodeEach(Buffer.from(bytes, "hex"), passages), { code: "index_corrupt" }, name);
  }
});

test("any changed byte is refused, or it is another vocabulary that is written so", () => {
  const random = randomNumbers(5);
  for (const passages of [6, 90]) {
    const words = [..."abcdefgh"].map((letter, i) => ({
      word: `re${"nt".slice(0, i % 3)}${letter}é`,
      ordinals: Array.from({ length: passages }, (_, n) => n).filter(() => random(i + 1) === 0),
    }));
    const bytes = encode(
      words.filter(({ ordinals }) => ordinals.length > 0),
      passages,
    );
    for (let at = 0; at < bytes.length; at += 1) {
      assert.throws(() => decodeEach(bytes.subarray(0, at), passages), { code: "index_corrupt" });
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        try {
          const found = decodeEach(changed, passages);
          assert.deepEqual(Buffer.from(encode(found, passages)), Buffer.from(changed));
        } catch (error) {
          assert.equal((error as { code?: string }).code, "index_corrupt");
        }
      }
    }
  }
});

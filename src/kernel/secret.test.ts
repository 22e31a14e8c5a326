import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { isSecret, reveal, secret } from "./secret.ts";

const VALUE = "hunter2-very-secret";

test("a secret shows as [secret] however it is printed", () => {
  const wrapped = secret(VALUE);
  const printed = [
    String(wrapped),
    `${wrapped}`,
    `a ${wrapped} b`,
    JSON.stringify({ wrapped }),
    JSON.stringify([wrapped]),
    inspect(wrapped),
    inspect({ deep: { wrapped } }, { depth: 9 }),
    inspect(wrapped, { customInspect: false, showHidden: true, getters: true, depth: 9 }),
    format("%s %o %j %O", wrapped, wrapped, wrapped, wrapped),
    Object.prototype.toString.call(wrapped),
    JSON.stringify({ ...wrapped }),
    Object.entries(wrapped).join(),
    new Error(`failed for ${wrapped}`).message,
  ];
  for (const text of printed) assert.equal(text.includes(VALUE), false, text);
  for (const text of printed.slice(0, 7)) assert.match(text, /\[secret\]/);
  assert.equal(inspect(wrapped), "[secret]");
  assert.equal(`${wrapped}`, "[secret]");
});

test("reveal gives the value back, and only for the wrapper itself", () => {
  const wrapped = secret(VALUE);
  assert.equal(reveal(wrapped), VALUE);
  assert.deepEqual(reveal(secret(Buffer.from([1, 2]))), Buffer.from([1, 2]));
  assert.throws(() => reveal({ ...wrapped }), TypeError);
  assert.throws(() => reveal(structuredClone({ ...wrapped })), TypeError);
  assert.equal(isSecret(wrapped), true);
  assert.equal(isSecret({ kind: "secret" }), false);
});

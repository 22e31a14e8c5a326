import assert from "node:assert/strict";
import { test } from "node:test";
import { PARAMETERS, parsePhc, printPhc } from "./phc.ts";

const salt = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
const tag = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i));
// Written by hand after the PHC string format's own description, not by the code under test.
const VECTOR =
  "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA";

test("a hash is printed and parsed as the format says", () => {
  assert.equal(printPhc({ ...PARAMETERS, salt, tag }), VECTOR);
  assert.deepEqual(parsePhc(VECTOR), { memory: 19_456, passes: 2, parallelism: 1, salt, tag });
  const other = {
    memory: 65_536,
    passes: 3,
    parallelism: 4,
    salt: salt.subarray(0, 9),
    tag: tag.subarray(0, 16),
  };
  assert.deepEqual(parsePhc(printPhc(other)), other);
});

test("the parameters are those that OWASP recommends, or more", () => {
  assert.ok(PARAMETERS.memory >= 19_456 && PARAMETERS.passes >= 2 && PARAMETERS.parallelism >= 1);
});

test("anything else is refused", () => {
  for (const text of [
    "",
    ` ${VECTOR}`,
    `${VECTOR}\n`,
    `${VECTOR}=`,
    VECTOR.replace("argon2id", "argon2i"),
    VECTOR.replace("argon2id", "bcrypt"),
    VECTOR.replace("v=19", "v=16"),
    VECTOR.replace("v=19$", ""),
    VECTOR.replace("m=19456", "m=-1"),
    VECTOR.replace("m=19456", "m=99999999"),
    VECTOR.replace("m=19456,t=2", "t=2,m=19456"),
    VECTOR.replace("t=2", "t="),
    VECTOR.replace("t=2", "t=2000"),
    VECTOR.replace("AAECAwQFBgcICQoLDA0ODw", ""),
    VECTOR.replace("AAECAwQFBgcICQoLDA0ODw", "AA_C"),
    VECTOR.slice(0, VECTOR.lastIndexOf("$") + 1),
    `${VECTOR}$more`,
  ])
    assert.throws(() => parsePhc(text), /PHC/, text);
});

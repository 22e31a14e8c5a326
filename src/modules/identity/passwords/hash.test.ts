import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { refused } from "../../../../test/support/refused.ts";
import { hashesInFlight, hashPassword, verifyPassword } from "./hash.ts";
import { parsePhc, printPhc } from "./phc.ts";

const PASSWORD = "Quiet-harbour-42-lanterns";

test("hashing passwords", async (t) => {
  const phc = await hashPassword(PASSWORD);

  await t.test("the right one matches, and no other", async () => {
    assert.equal(await verifyPassword(PASSWORD, phc), true);
    for (const wrong of ["", `${PASSWORD} `, PASSWORD.toLowerCase(), PASSWORD.slice(1)])
      assert.equal(await verifyPassword(wrong, phc), false, wrong);
  });

  await t.test("what looks the same is the same, whatever the keyboard sent", async () => {
    const composed = await hashPassword("Größe-42-\u00e9cole-x");
    assert.equal(await verifyPassword("Gro\u0308ße-42-e\u0301cole-x", composed), true);
    assert.equal(await verifyPassword("Größe-42-ecole-x", composed), false);
  });

  await t.test("a hash is salted anew, and made with the parameters that it names", async () => {
    assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(await hashPassword(PASSWORD), phc);
    // One of other parameters is checked by its own: raising them locks nobody out.
    const parsed = parsePhc(phc);
    assert.equal(await verifyPassword(PASSWORD, printPhc({ ...parsed, passes: 3 })), false);
    // By the reference implementation: argon2id, 65536 KiB, 2 passes, 1 lane, "password", "somesalt".
    const reference =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert.equal(await verifyPassword("password", reference), true);
  });

  await t.test("a changed hash matches nothing, and one that is none is an error", async () => {
    const { salt, tag, ...rest } = parsePhc(phc);
    for (const part of [salt, tag]) {
      part[0] = (part[0] ?? 0) ^ 1;
      assert.equal(await verifyPassword(PASSWORD, printPhc({ ...rest, salt, tag })), false);
      part[0] = (part[0] ?? 0) ^ 1;
    }
    await assert.rejects(verifyPassword(PASSWORD, "plain text"), /PHC/);
    assert.equal(await verifyPassword(PASSWORD, phc), true);
  });

  await t.test("nobody's password takes as long as somebody's, and never matches", async () => {
    // The processor's time of this process, workers included: what else the machine does takes no part in it.
    const spent = async (stored: string | null) => {
      const begin = process.cpuUsage();
      assert.equal(await verifyPassword("Wrong-harbour-42", stored), false);
      const { user, system } = process.cpuUsage(begin);
      return user + system;
    };
    const [known, unknown]: number[][] = [[], []];
    for (let i = 0; i < 8; i++) {
      known?.push(await spent(phc));
      unknown?.push(await spent(null));
    }
    const ratio = Math.min(...(unknown ?? [])) / Math.min(...(known ?? []));
    assert.ok(ratio > 0.6 && ratio < 1.6, `nobody's takes ${ratio} times as long`);
  });

  await t.test("more than can wait are told to come again, the others are served", async () => {
    const asked = Array.from({ length: 80 }, () => verifyPassword(PASSWORD, phc));
    assert.ok(hashesInFlight() >= 64);
    const outcomes = await Promise.allSettled(asked);
    const late = outcomes.filter((o) => o.status === "rejected");
    assert.ok(late.length >= 10 && late.length <= 16, `${late.length} were refused`);
    for (const { reason } of late) {
      refused("busy")(reason);
      assert.ok(reason.retryAfter >= 1);
    }
    for (const o of outcomes) if (o.status === "fulfilled") assert.equal(o.value, true);
    assert.equal(hashesInFlight(), 0);
  });

  await t.test("a worker that dies fails what it was at, and another takes its place", async (t) => {
    const post = Worker.prototype.postMessage;
    let broken = 0;
    t.mock.method(Worker.prototype, "postMessage", function (this: Worker, task: unknown) {
      // No task at all: the worker's own handler throws, and nothing catches it.
      post.call(this, broken++ === 0 ? null : task);
    });
    const asked = await Promise.allSettled(Array.from({ length: 6 }, () => verifyPassword(PASSWORD, phc)));
    assert.deepEqual(asked.map((o) => o.status).sort(), [
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
    assert.equal(hashesInFlight(), 0);
    assert.equal(await verifyPassword(PASSWORD, phc), true);
  });
});

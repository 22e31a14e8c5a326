import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { refused } from "../../../../test/support/refused.ts";
import { expectCosts, hashesInFlight, hashPassword, verifyPassword } from "./hash.ts";
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

  await t.test("bcrypt, when it was chosen, and what it would cut off", async () => {
    const hash = await hashPassword(PASSWORD, "bcrypt");
    assert.match(hash, /^\$2b\$12\$[./A-Za-z0-9]{53}$/);
    assert.equal(await verifyPassword(PASSWORD, hash, "bcrypt"), true);
    assert.equal(await verifyPassword(`${PASSWORD}x`, hash, "bcrypt"), false);
    const most = "Quiet-harbour-42-".padEnd(72, "x");
    assert.equal(await verifyPassword(most, await hashPassword(most, "bcrypt")), true);
    for (const password of [`${most}x`, "Größe-42-".padEnd(71, "x"), "Quiet-harbour\0-42"])
      await assert.rejects(hashPassword(password, "bcrypt"), refused("password_policy"));
    assert.match(await hashPassword(`${most}x`), /^\$argon2id/);
  });

  // RFC 7914 section 11; the tests of Django 1.5; jBCrypt's and crypt_blowfish's own vectors. The last two of each are
  // by Python's hashlib and libxcrypt.
  await t.test("hashes from elsewhere", async () => {
    for (const [password, stored] of [
      ["passwd", "pbkdf2_sha256$1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw="],
      ["Password", "pbkdf2_sha256$80000$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y="],
      ["l\u00e8tmein", "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY="],
      ["password", "pbkdf2_sha256$1000$saltysalt$VDrl72vKkfYVFik4umYbkSDzyssrawhVf2ho/zPsSiQ="],
      ["", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."],
      ["a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"],
      ["abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"],
      ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
      [PASSWORD, "$2y$06$abcdefghijklmnopqrstuuIa55pAK7xt/GKhqKkkQkfUOjZO5/MAO"],
      ["password", "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm"],
    ] as const) {
      assert.equal(await verifyPassword(password, stored), true, stored);
      assert.equal(await verifyPassword(`${password}x`, stored), false, stored);
    }
    // Made from what was typed, not from one spelling of it.
    const typed = "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=";
    assert.equal(await verifyPassword("le\u0300tmein", typed), false);
  });

  await t.test("a no takes as long for every kind of hash in use", async () => {
    const weak = "pbkdf2_sha256$1$salt$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw=";
    const strong = "$2y$10$abcdefghijklmnopqrstuuIa55pAK7xt/GKhqKkkQkfUOjZO5/MAO";
    await expectCosts(["pbkdf2-100000", "bcrypt-10", "nonsense", "bcrypt-31"]);
    const times = new Map<string | null, number[]>();
    for (let i = 0; i < 3; i++)
      for (const stored of [phc, weak, strong, null]) {
        const began = performance.now();
        assert.equal(await verifyPassword("Wrong-harbour-42", stored), false);
        times.set(stored, [...(times.get(stored) ?? []), performance.now() - began]);
      }
    const least = [...times.values()].map((list) => Math.min(...list));
    assert.ok(Math.max(...least) / Math.min(...least) < 1.3, `they took ${least.join(", ")} ms`);
    // A yes waits for nothing.
    const began = performance.now();
    assert.equal(await verifyPassword("passwd", weak), true);
    assert.ok(performance.now() - began < Math.min(...least) / 2);
  });
});

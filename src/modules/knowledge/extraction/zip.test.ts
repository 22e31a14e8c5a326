import assert from "node:assert/strict";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { type ExtractionFailureCode, isExtractionFailure } from "./failure.ts";
import { membersOf, openZip, zipBudget } from "./zip.ts";

async function refused(code: ExtractionFailureCode, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(isExtractionFailure(error), String(error));
    assert.equal(error.code, code);
    return true;
  });
}

async function readAll(bytes: Uint8Array, budget = zipBudget()): Promise<string[]> {
  const zip = await openZip(bytes, budget);
  const texts: string[] = [];
  for (const entry of zip.entries) texts.push((await zip.read(entry)).toString());
  return texts;
}

const good = Buffer.from(zipSync({ "a/one.txt": strToU8("one"), "two.txt": [strToU8("two"), { level: 0 }] }));
/** Offsets in `good`: of the end record, and of the first entry of the directory. */
const END = good.length - 22;
const FIRST = good.readUInt32LE(END + 16);
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(good);
  change(bytes);
  return bytes;
};

test("members are read, packed or stored; only what is asked for is unpacked", async () => {
  assert.deepEqual(await readAll(good), ["one", "two"]);
  const zip = await openZip(good);
  assert.deepEqual(
    zip.entries.map(({ name, bytes }) => [name, bytes]),
    [
      ["a/one.txt", 3],
      ["two.txt", 3],
    ],
  );
  assert.deepEqual(zip.budget, { ...zipBudget(), entries: zipBudget().entries - 2 });
});

test("names are clean: no roots, no drives, no way up, nothing unseen, none without end", async () => {
  const names: [string, string][] = [
    ["../../etc/passwd", "etc/passwd"],
    ["/abs.txt", "abs.txt"],
    ["C:\\Windows\\x.txt", "Windows/x.txt"],
    ["a/./b//c", "a/b/c"],
    ["x\u202Etxt.exe", "xtxt.exe"],
    ["new\nline\u0000.txt", "newline.txt"],
    ["📄 Zoë.txt", "📄 Zoë.txt"],
    ["..", "unnamed"],
    [`${"d/".repeat(300)}end.txt`, `${"d/".repeat(300)}end.txt`.slice(-300)],
  ];
  for (const [name, clean] of names)
    assert.equal((await openZip(zipSync({ [name]: strToU8("x") }))).entries[0]?.name, clean);
});

test("truncated at any byte, it is damaged and nothing else", async () => {
  for (let length = 0; length < good.length; length++)
    await refused("damaged", () => readAll(good.subarray(0, length)));
});

test("any byte turned gives a verdict or a text, never another error", async () => {
  for (let at = 0; at < good.length; at++)
    for (const mask of [0x01, 0x80, 0xff]) {
      const bytes = changed((copy) => {
        copy[at] = (copy[at] ?? 0) ^ mask;
      });
      await readAll(bytes).catch((error: unknown) =>
        assert.ok(isExtractionFailure(error), `${at} ${String(error)}`),
      );
    }
});

test("lies about size, sum, place and method", async () => {
  await refused("damaged", () => readAll(changed((bytes) => bytes.writeUInt32LE(1, FIRST + 16))));
  await refused("too_large_inflated", () => readAll(changed((bytes) => bytes.writeUInt32LE(1, FIRST + 24))));
  await refused("damaged", () => readAll(changed((bytes) => bytes.writeUInt32LE(9, FIRST + 24))));
  await refused("too_large_inflated", () =>
    readAll(changed((bytes) => bytes.writeUInt32LE(4e9, FIRST + 24))),
  );
  await refused("damaged", () => readAll(changed((bytes) => bytes.writeUInt32LE(5000, FIRST + 20))));
  await refused("too_large_inflated", () =>
    readAll(changed((bytes) => bytes.writeUInt32LE(0xffffffff, FIRST + 24))),
  );
  await refused("unsupported_format", () => readAll(changed((bytes) => bytes.writeUInt16LE(12, FIRST + 10))));
  await refused("password_protected", () => readAll(changed((bytes) => bytes.writeUInt16LE(1, FIRST + 8))));
  await refused("password_protected", () =>
    readAll(changed((bytes) => bytes.writeUInt16LE(0x41, FIRST + 8))),
  );
  const second = good.indexOf("PK\x01\x02", FIRST + 4, "latin1");
  await refused("too_large_inflated", () => readAll(changed((bytes) => bytes.writeUInt32LE(0, second + 42))));
});

test("one budget for a zip and the zips in it: members, bytes of one, bytes of all", async () => {
  const many = zipSync(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}`, new Uint8Array(0)])));
  await refused("too_large_inflated", () => readAll(many, { ...zipBudget(), entries: 29 }));
  const large = zipSync({ a: new Uint8Array(1000), b: new Uint8Array(1000) });
  await refused("too_large_inflated", () => readAll(large, { ...zipBudget(), entry: 999 }));
  await refused("too_large_inflated", () => readAll(large, { ...zipBudget(), inflated: 1999 }));
  const nested = zipSync({ "in.zip": large });
  const budget = { ...zipBudget(), inflated: 1500 };
  const outer = await openZip(nested, budget);
  const [inner] = outer.entries;
  assert.ok(inner);
  const bytes = await outer.read(inner);
  await refused("too_large_inflated", () => readAll(bytes, outer.budget));
});

test("what packs better than anything that people write is refused before it is unpacked", async () => {
  const bomb = await openZip(zipSync({ a: [new Uint8Array(20_000_000), { level: 1 }] }));
  let pieces = 0;
  const [entry] = bomb.entries;
  assert.ok(entry);
  await refused("too_large_inflated", () => bomb.inflate(entry, () => pieces++));
  assert.equal(pieces, 0);
});

test("an error of who takes the pieces is his own; two files of one name are no package", async () => {
  const zip = await openZip(good);
  const own = new Error("mine");
  const [entry] = zip.entries;
  assert.ok(entry);
  await assert.rejects(
    () =>
      zip.inflate(entry, () => {
        throw own;
      }),
    own,
  );
  const twice = await openZip(zipSync({ "a.xml": strToU8("1"), "A.xml": strToU8("2") }));
  assert.throws(
    () => membersOf(twice),
    (error) => isExtractionFailure(error) && error.code === "damaged",
  );
});

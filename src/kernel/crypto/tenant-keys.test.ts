import assert from "node:assert/strict";
import { createSecretKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Cell, type TenantKeys, tenantKeys } from "./tenant-keys.ts";

type Vectors = {
  tenant: string;
  dataKeys: Record<string, string>;
  cells: {
    what: string;
    keyVersion: number;
    cell: Cell;
    nonce: string;
    plaintext: string;
    sealed: string;
  }[];
};
type Lookups = Vectors & {
  hashes: { tenant: string; purpose: string; value: string; hash: string }[];
  subkeys: { purpose: string; key: string }[];
};

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../testdata/crypto/${name}`, import.meta.url), "utf8"));
const vectors: Vectors = read("cells.json");
const lookups: Lookups = read("lookups.json");
const bytes = (hex: string) => Buffer.from(hex, "hex");
const ROW = "0190a4c5-0000-7000-8000-000000000001";
const OTHER_TENANT = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a02";
const unreadable = { code: "unreadable" };

function dataKeys(...versions: number[]): Map<number, KeyObject> {
  return new Map(
    versions.map((version) => [version, createSecretKey(bytes(vectors.dataKeys[version] ?? ""))]),
  );
}

function keysOf(tenant = vectors.tenant, versions = [1, 3]): TenantKeys {
  return tenantKeys(tenant, dataKeys(...versions));
}

describe("vectors", () => {
  for (const { what, keyVersion, cell, nonce, plaintext, sealed } of vectors.cells) {
    test(`cell: ${what}`, () => {
      assert.deepEqual(keysOf().open(cell, bytes(sealed)), bytes(plaintext));
      const writer = tenantKeys(vectors.tenant, dataKeys(keyVersion), undefined, () => bytes(nonce));
      assert.equal(writer.seal(cell, bytes(plaintext)).toString("hex"), sealed);
    });
  }
  for (const { tenant, purpose, value, hash } of lookups.hashes) {
    test(`lookup: ${purpose} "${value}" of ${tenant}`, () => {
      assert.equal(keysOf(tenant).lookup(purpose, value).toString("hex"), hash);
    });
  }
  for (const { purpose, key } of lookups.subkeys) {
    test(`subkey: ${purpose}`, () => {
      assert.equal(keysOf().subkey(purpose).export().toString("hex"), key);
      assert.equal(keysOf().subkey(purpose).symmetricKeySize, 32);
    });
  }
});

describe("a sealed cell", () => {
  const cell = { table: "members", column: "name", row: ROW, version: 1 };
  const keys = keysOf();

  test("does not open when any bit of it is changed", () => {
    const sealed = keys.seal(cell, "Ada Lovelace");
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        assert.throws(() => keys.open(cell, changed), unreadable, `byte ${at} bit ${bit}`);
      }
    }
    assert.equal(keys.openText(cell, sealed), "Ada Lovelace");
  });

  test("does not open when cut, extended or empty", () => {
    const sealed = keys.seal(cell, "Ada");
    for (let length = 0; length < sealed.length; length++) {
      assert.throws(() => keys.open(cell, sealed.subarray(0, length)), unreadable, `${length} bytes`);
    }
    assert.throws(() => keys.open(cell, Buffer.concat([sealed, Buffer.from([0])])), unreadable);
  });

  test("opens in its own cell only", () => {
    const sealed = keys.seal(cell, "Ada");
    const elsewhere: Cell[] = [
      { ...cell, table: "contacts" },
      { ...cell, column: "address" },
      { ...cell, row: ROW.replace(/1$/, "2") },
      { ...cell, row: "" },
      { ...cell, version: 2 },
      { ...cell, version: 1 + 2 ** 32 },
      { table: cell.table, column: cell.column, row: ROW },
    ];
    for (const wrong of elsewhere) {
      assert.throws(() => keys.open(wrong, sealed), unreadable, JSON.stringify(wrong));
    }
  });

  test("does not open for another tenant, even one with the same data key", () => {
    assert.throws(() => keysOf(OTHER_TENANT).open(cell, keys.seal(cell, "Ada")), unreadable);
  });

  test("names its data key: an older one opens, an unknown one does not, an exchanged one does not", () => {
    const old = keysOf(undefined, [1]).seal(cell, "Ada");
    assert.equal(keysOf().openText(cell, old), "Ada");
    assert.throws(() => keysOf(undefined, [3]).open(cell, old), unreadable);
    const relabelled = Buffer.from(old);
    relabelled.writeUInt32BE(3, 1);
    assert.throws(() => keysOf().open(cell, relabelled), unreadable);
    relabelled.writeUInt32BE(0xffff_ffff, 1);
    assert.throws(() => keysOf().open(cell, relabelled), unreadable);
  });

  test("takes nothing and much, and any kind of byte view", () => {
    assert.equal(keys.openText(cell, keys.seal(cell, "")), "");
    const large = Buffer.alloc(8 * 1024 * 1024, 7);
    assert.ok(keys.open(cell, keys.seal(cell, large)).equals(large));
    const around = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
    assert.deepEqual(keys.open(cell, new Uint8Array(keys.seal(cell, around))), Buffer.from([1, 2, 3]));
  });

  test("is different every time, with a nonce that does not come twice", () => {
    const nonces = new Set<string>();
    for (let i = 0; i < 5000; i++) nonces.add(keys.seal(cell, "x").toString("hex", 5, 17));
    assert.equal(nonces.size, 5000);
  });

  test("refuses text that UTF-8 cannot hold, and bytes that are not text", () => {
    for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
      assert.throws(() => keys.seal(cell, text), TypeError);
      assert.throws(() => keys.lookup("p", text), TypeError);
      assert.throws(() => keys.seal({ ...cell, row: text }, "x"), TypeError);
      assert.throws(() => keys.seal({ ...cell, table: text }, "x"), TypeError);
    }
    assert.throws(() => keys.openText(cell, keys.seal(cell, Buffer.from([0xed, 0xa0, 0x80]))), unreadable);
  });

  test("refuses rows and versions that the format cannot hold", () => {
    assert.throws(() => keys.seal({ ...cell, row: "r".repeat(257) }, "x"), TypeError);
    assert.throws(() => keys.seal({ ...cell, row: "é".repeat(129) }, "x"), TypeError);
    for (const version of [-1, 1.5, Number.NaN, 2 ** 53]) {
      assert.throws(() => keys.seal({ ...cell, version }, "x"), TypeError);
    }
  });

  test("an error names no plaintext and no key", () => {
    const sealed = keys.seal(cell, "Ada Lovelace");
    assert.throws(
      () => keys.open({ ...cell, row: "x" }, sealed),
      (error: Error) => {
        assert.doesNotMatch(`${error.stack}${error.cause}`, /Ada/);
        return true;
      },
    );
  });
});

test("a handle dies with the tenant's keys, for every use", () => {
  let destroyed = false;
  const keys = tenantKeys(vectors.tenant, dataKeys(1), () => destroyed);
  const cell = { table: "t", column: "c", row: ROW };
  const sealed = keys.seal(cell, "x");
  keys.lookup("p", "v");
  keys.subkey("p");
  destroyed = true;
  assert.throws(() => keys.open(cell, sealed), unreadable);
  assert.throws(() => keys.seal(cell, "x"), unreadable);
  assert.throws(() => keys.seal({ ...cell, column: "new" }, "x"), unreadable);
  assert.throws(() => keys.lookup("p", "v"), unreadable);
  assert.throws(() => keys.subkey("p"), unreadable);
  assert.throws(() => keys.fileKey(Buffer.alloc(32), "n"), unreadable);
});

test("lookup hashes and subkeys stay the same when a newer data key is added", () => {
  const [before, after] = [keysOf(undefined, [1]), keysOf(undefined, [1, 3])];
  assert.deepEqual(before.lookup("p", "v"), after.lookup("p", "v"));
  assert.ok(before.subkey("p").equals(after.subkey("p")));
  assert.equal(after.keyVersion, 3);
});

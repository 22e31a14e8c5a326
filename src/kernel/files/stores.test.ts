import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, test } from "node:test";
import { refused } from "../../../test/support/refused.ts";
import { startS3 } from "../../../test/support/s3.ts";
import { type TenantKeys, tenantKeys } from "../crypto/tenant-keys.ts";
import { openBucket } from "../s3/bucket.ts";
import { diskFileStore } from "./disk.ts";
import type { FileStore } from "./file-store.ts";
import { s3FileStore } from "./s3.ts";
import { CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES } from "./stream.ts";

// What every store of files does, whatever it stands on. What only one has is beside it (disk.test.ts).

const service = await startS3("documents");
const folder = await mkdtemp(join(tmpdir(), "vs-stores-"));
after(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});
const bucket = openBucket({ ...service.config, partBytes: 5 * 1024 * 1024 });

const tenant = (last: string): TenantKeys =>
  tenantKeys(
    `0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a0${last}`,
    new Map([[1, createSecretKey(Buffer.alloc(32, 1))]]),
  );
const keys = tenant("1");
const unreadable = { code: "unreadable" };

interface Place {
  readonly name: string;
  readonly store: FileStore;
  /** Puts other bytes where a file is, as somebody with access to the store could. */
  tamper(name: string, change: (bytes: Buffer) => Buffer): Promise<void>;
}

const objectOf = (name: string) => `files/${name.slice(0, 2)}/${name}`;
const places: Place[] = [
  {
    name: "on disk",
    store: diskFileStore(folder),
    async tamper(name, change) {
      const path = join(folder, name.slice(0, 2), name);
      await writeFile(path, change(await readFile(path)));
    },
  },
  {
    name: "in a bucket",
    store: s3FileStore(bucket),
    async tamper(name, change) {
      const pieces: Buffer[] = [];
      for await (const piece of await bucket.get(objectOf(name))) pieces.push(piece);
      await bucket.put(objectOf(name), change(Buffer.concat(pieces)));
    },
  },
];

for (const { name: where, store, tamper } of places)
  describe(`files ${where}`, () => {
    const put = (content: Buffer, maxBytes?: number) =>
      store.put(keys, Readable.from([content], { objectMode: false }), maxBytes ? { maxBytes } : {});
    async function read(name: string, range = {}, reader = keys): Promise<Buffer> {
      const pieces: Buffer[] = [];
      for await (const piece of await store.open(reader, name, range)) pieces.push(piece);
      return Buffer.concat(pieces);
    }

    test("come back whole, and in parts", async () => {
      for (const length of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 700_001]) {
        const content = randomBytes(length);
        const stored = await put(content);
        assert.match(stored.name, /^[0-9a-f]{32}$/);
        assert.equal(stored.bytes, length);
        assert.ok((await read(stored.name)).equals(content), `${length} bytes`);
        for (const [start, end] of [
          [0, 10],
          [CHUNK_BYTES - 5, CHUNK_BYTES + 5],
          [CHUNK_BYTES, 2 * CHUNK_BYTES],
          [length - 3, length + 100],
          [length, length],
          [100, 200_000],
        ]) {
          const range = { start: Math.max(0, start ?? 0), end: Math.max(start ?? 0, end ?? 0, 0) };
          const part = await read(stored.name, range);
          assert.ok(part.equals(content.subarray(range.start, range.end)), `${length}: ${start} to ${end}`);
        }
      }
    });

    test("show nothing of what is in them, and equal ones are recognised", async () => {
      const content = Buffer.from("canary ".repeat(30_000));
      const [one, two] = [await put(content), await put(content)];
      assert.notEqual(one.name, two.name);
      assert.deepEqual(one.sha256Keyed, two.sha256Keyed);
      await tamper(one.name, (bytes) => {
        assert.equal(bytes.includes("canary"), false);
        return bytes;
      });
      assert.equal(await store.keyVersion(one.name), 1);
    });

    test("that were changed, cut, exchanged or taken away do not open", async () => {
      const content = randomBytes(3 * CHUNK_BYTES);
      for (const change of [
        (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === HEADER_BYTES + 9 ? byte ^ 1 : byte))),
        (bytes: Buffer) => bytes.subarray(0, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES),
        (bytes: Buffer) => bytes.subarray(0, bytes.length - 1),
        (bytes: Buffer) => bytes.subarray(0, 20),
        (bytes: Buffer) =>
          Buffer.concat([
            bytes.subarray(0, HEADER_BYTES),
            bytes.subarray(HEADER_BYTES + SEALED_CHUNK_BYTES, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES),
            bytes.subarray(HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK_BYTES),
            bytes.subarray(HEADER_BYTES + 2 * SEALED_CHUNK_BYTES),
          ]),
      ]) {
        const { name } = await put(content);
        await tamper(name, change);
        await assert.rejects(read(name), unreadable, String(change));
      }
      const { name } = await put(content);
      await assert.rejects(read(name, {}, tenant("2")), unreadable);
      assert.deepEqual([await store.remove(name), await store.remove(name)], [true, false]);
      assert.equal(await store.exists(name), false);
      await assert.rejects(read(name), unreadable);
      for (const wrong of ["../../etc/passwd", "", "A".repeat(32), `${"a".repeat(32)}/x`])
        await assert.rejects(async () => store.open(keys, wrong), TypeError);
    });

    test("that are too large, or whose source breaks, leave nothing", async () => {
      await assert.rejects(put(randomBytes(200_000), 100_000), refused("too_large"));
      const broken = Readable.from(
        (async function* () {
          yield randomBytes(100_000);
          throw new Error("gone");
        })(),
      );
      await assert.rejects(store.put(keys, broken), /gone/);
    });

    test("that nobody knows are swept once they are old", async () => {
      const known = await put(randomBytes(10));
      const lost = await put(randomBytes(10));
      const ask = async (names: readonly string[]) => names.filter((name) => name !== lost.name);
      await store.sweep(ask, 60_000);
      assert.equal(await store.exists(lost.name), true, "too young");
      assert.equal((await store.sweep(ask, -2000)).orphans, 1);
      assert.deepEqual([await store.exists(lost.name), await store.exists(known.name)], [false, true]);
    });

    test("go into a backup as they are, and come back", async () => {
      const content = randomBytes(100_000);
      const { name } = await put(content);
      const sealed = await store.sealed(name);
      const pieces: Buffer[] = [];
      for await (const piece of sealed?.content ?? []) pieces.push(piece);
      assert.equal(Buffer.concat(pieces).length, sealed?.bytes);
      await store.remove(name);
      await store.putSealed(name, Readable.from(pieces));
      assert.ok((await read(name)).equals(content));
      assert.equal(await store.sealed("0".repeat(32)), null);
    });
  });

test("a bucket that is away is said as that, and comes back", async () => {
  const store = s3FileStore(openBucket({ ...service.config, timeoutMs: 100 }));
  const { name } = await store.put(keys, Readable.from([Buffer.from("x")]));
  service.intercept((_request, response) => {
    response.destroy();
    return true;
  });
  await assert.rejects(store.open(keys, name), refused("unavailable"));
  service.intercept(null);
  assert.equal(await store.exists(name), true);
});

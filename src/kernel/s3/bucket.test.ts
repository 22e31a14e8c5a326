import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, beforeEach, describe, test } from "node:test";
import { startS3 } from "../../../test/support/s3.ts";
import { openBucket } from "./bucket.ts";

const service = await startS3();
after(() => service.close());
beforeEach(() => service.intercept(null));
const bucket = openBucket({ ...service.config, partBytes: 5 * 1024 * 1024 });

async function* pieces(content: Buffer, length: number) {
  for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("a bucket", () => {
  test("keeps small and large objects, and gives parts of them", async () => {
    for (const length of [0, 1, 70_000, 5 * 1024 * 1024, 12_345_678]) {
      const content = randomBytes(length);
      const key = `sizes/${length}.bin`;
      assert.deepEqual(await bucket.put(key, pieces(content, 65_536)), { bytes: length });
      assert.equal(await bucket.size(key), length);
      assert.equal(digest(await read(await bucket.get(key))), digest(content), `${length} bytes`);
      if (length < 100) continue;
      const part = await read(await bucket.get(key, { start: 10, end: 1010 }));
      assert.ok(part.equals(content.subarray(10, 1010)));
    }
    assert.equal(service.requests.filter((r) => /^PUT .*12345678.bin\?.*partNumber=/.test(r)).length, 3);
  });

  test("lists in order, by prefix, over pages, and removes", async () => {
    for (let i = 0; i < 12; i++) await bucket.put(`list/${String(i).padStart(2, "0")}`, randomBytes(3));
    const keys: string[] = [];
    for await (const { key, bytes } of bucket.list("list/")) {
      assert.equal(bytes, 3);
      keys.push(key);
    }
    assert.deepEqual(keys, [...keys].sort());
    assert.equal(keys.length, 12);
    await bucket.remove("list/03");
    await bucket.remove("list/03");
    assert.equal(await bucket.size("list/03"), null);
    await assert.rejects(bucket.get("list/03"), { code: "missing" });
  });

  test("ends an upload that fails half way, and nothing is there", async () => {
    async function* failing() {
      yield randomBytes(11 * 1024 * 1024);
      throw new Error("the source broke");
    }
    await assert.rejects(bucket.put("half", failing()), /the source broke/);
    assert.equal(await bucket.size("half"), null);
    assert.ok(service.requests.some((r) => /^DELETE .*half\?uploadId=/.test(r)));
  });

  test("tries again what broke in the service, and says what does not pass", async () => {
    let left = 2;
    service.intercept((_request, response) => {
      if (left-- <= 0) return false;
      response.writeHead(503).end();
      return true;
    });
    await bucket.put("again", randomBytes(10));
    service.intercept((_request, response) => {
      response.writeHead(403, { "content-type": "application/xml" });
      response.end("<Error><Code>AccessDenied</Code></Error>");
      return true;
    });
    await assert.rejects(bucket.put("again", randomBytes(10)), { code: "refused" });
    const gone = openBucket({ ...service.config, endpoint: "http://127.0.0.1:1" });
    await assert.rejects(gone.size("again"), { code: "unreachable" });
  });

  test("does not wait for ever, and never takes a part for the whole", async () => {
    await bucket.put("slow", randomBytes(100_000));
    const hasty = openBucket({ ...service.config, timeoutMs: 50 });
    service.intercept(() => true);
    await assert.rejects(hasty.size("slow"), { code: "unreachable" });
    service.intercept((_request, response) => {
      response.writeHead(200, { "content-length": 100_000 });
      response.write(randomBytes(5000), () => response.destroy());
      return true;
    });
    await assert.rejects(async () => read(await bucket.get("slow")), { code: "unreachable" });
  });
});

import assert from "node:assert/strict";
import { createHash, createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { tenantKeys } from "../crypto/tenant-keys.ts";
import {
  CHUNK_BYTES,
  createEncrypter,
  HEADER_BYTES,
  openDecrypter,
  SEALED_CHUNK_BYTES,
  sealedLayout,
} from "./stream.ts";

type Vectors = {
  tenant: string;
  dataKeys: Record<string, string>;
  files: {
    length: number;
    name: string;
    salt: string;
    prefix: string;
    contentHmac: string;
    sealedLength: number;
    sealedSha256: string;
    sealed?: string;
  }[];
};

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../testdata/crypto/files.json", import.meta.url), "utf8"),
);
const keys = tenantKeys(
  vectors.tenant,
  new Map([1, 3].map((v) => [v, createSecretKey(Buffer.from(vectors.dataKeys[v] ?? "", "hex"))])),
);

function contentOf(length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let i = 0; i < length; i++) content[i] = (i * 31 + (i >> 8)) & 255;
  return content;
}

function decryptAll(name: string, sealed: Buffer): Buffer {
  const { chunks } = sealedLayout(sealed.length);
  const decrypter = openDecrypter(keys, name, sealed.subarray(0, HEADER_BYTES));
  return Buffer.concat(
    Array.from({ length: chunks }, (_, i) => {
      const at = HEADER_BYTES + i * SEALED_CHUNK_BYTES;
      return decrypter.openChunk(i, i === chunks - 1, sealed.subarray(at, at + SEALED_CHUNK_BYTES));
    }),
  );
}

describe("vectors", () => {
  for (const vector of vectors.files) {
    for (const pieceBytes of [7_001, CHUNK_BYTES, 1_000_000]) {
      test(`a file of ${vector.length} bytes that comes ${pieceBytes} at a time`, () => {
        const content = contentOf(vector.length);
        const random = Buffer.from(vector.salt + vector.prefix, "hex");
        const encrypter = createEncrypter(keys, vector.name, random);
        const out: Buffer[] = [encrypter.header];
        for (let at = 0; at < content.length; at += pieceBytes) {
          for (const chunk of encrypter.update(content.subarray(at, at + pieceBytes)))
            out.push(Buffer.from(chunk));
        }
        const end = encrypter.final();
        const sealed = Buffer.concat([...out, end.chunk]);
        assert.equal(sealed.length, vector.sealedLength);
        assert.equal(createHash("sha256").update(sealed).digest("hex"), vector.sealedSha256);
        if (vector.sealed) assert.equal(sealed.toString("hex"), vector.sealed);
        assert.equal(end.sha256Keyed.toString("hex"), vector.contentHmac);
        assert.ok(decryptAll(vector.name, sealed).equals(content));
        assert.equal(sealedLayout(sealed.length).bytes, vector.length);
      });
    }
  }
});

test("the length of a stored file has one meaning, and impossible ones are refused", () => {
  const of = (afterHeader: number) => sealedLayout(HEADER_BYTES + afterHeader);
  assert.deepEqual(of(16), { chunks: 1, bytes: 0 });
  assert.deepEqual(of(SEALED_CHUNK_BYTES), { chunks: 1, bytes: CHUNK_BYTES });
  assert.deepEqual(of(SEALED_CHUNK_BYTES + 17), { chunks: 2, bytes: CHUNK_BYTES + 1 });
  for (const length of [-HEADER_BYTES, -1, 0, 15, SEALED_CHUNK_BYTES + 1, SEALED_CHUNK_BYTES + 16]) {
    assert.throws(() => of(length), { code: "unreadable" }, String(length));
  }
});

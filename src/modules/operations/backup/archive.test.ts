import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  Decrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { reveal, secret } from "../../../kernel/secret.ts";
import { decryptWith, encryptFor, newIdentity, parseIdentities, problemOf } from "./age.ts";
import { readArchive } from "./archive-reading.ts";
import { type Part, writeArchive } from "./archive-writing.ts";
import { FORMAT, type Manifest, type Opening } from "./contents.ts";

const folder = await mkdtemp(join(tmpdir(), "vs-archive-"));
after(() => rm(folder, { recursive: true }));

const one = await generateX25519Identity();
const two = await generateX25519Identity();
const recipients = [await identityToRecipient(one), await identityToRecipient(two)];

/** A table of rows with a text and a number, as a binary COPY has it. */
function rowsOf(texts: readonly string[]): Buffer {
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const rows = texts.map((text) =>
    Buffer.concat([Buffer.from([0, 2]), field(Buffer.from(text)), Buffer.from([0xff, 0xff, 0xff, 0xff])]),
  );
  const header = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
  return Buffer.concat([header, ...rows, Buffer.from([0xff, 0xff])]);
}

const files = {
  "files/00": randomBytes(3000),
  "files/01": Buffer.alloc(0),
  "audit/key.json": Buffer.from("{}"),
};
const table = rowsOf(Array.from({ length: 400 }, (_, i) => `row ${i} ${"x".repeat(i)}`));

const opening: Opening = {
  format: FORMAT,
  kind: "data",
  id: "0123456789ab",
  at: "2026-11-22T03:00:00.123Z",
  version: "0.6.0",
  postgres: "18.1",
  queue: 30,
  migrations: [{ name: "0001_tenancy.sql", checksum: "0".repeat(64) }],
  tables: [
    { name: "public.tenant", columns: [{ name: "slug", type: "text" }] },
    { name: "public.empty", columns: [] },
  ],
  sequences: [],
};

async function* partsOf(): AsyncGenerator<Part> {
  const rows = async function* (bytes: Buffer, count: number, piece: number) {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    return count;
  };
  yield { table: "public.tenant", rows: rows(table, 400, 7001) };
  yield { table: "public.empty", rows: rows(rowsOf([]), 0, 100) };
  for (const [file, content] of Object.entries(files))
    yield {
      file,
      bytes: content.length,
      content: (async function* () {
        yield content;
      })(),
    };
  yield { gone: "ff" };
}

async function write(
  parts = partsOf,
  to: readonly string[] = recipients,
): Promise<{ bytes: Buffer; manifest: Manifest }> {
  let manifest: Manifest | null = null;
  const archive = writeArchive({
    opening,
    recipients: to,
    parts: parts(),
    checkpoint: "a note",
    written: (w) => {
      manifest = w.manifest;
    },
  });
  const bytes = await collect(archive);
  assert.ok(manifest);
  return { bytes, manifest };
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Uint8Array, length = 1000) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const identities = [secret(one)];

describe("an archive", () => {
  test("comes back as it was written, to each recipient, in pieces of any length", async () => {
    const { bytes, manifest } = await write();
    for (const [identity, length] of [
      [one, 1],
      [two, 977],
      [one, 1 << 20],
    ] as const) {
      const seen: Record<string, Buffer> = {};
      const read = await readArchive(inPieces(bytes, length), [secret(identity)], {
        async table(name, rows) {
          seen[name] = await collect(rows);
          return name === "public.tenant" ? 400 : 0;
        },
        async file(path, content) {
          seen[path] = await collect(content);
        },
      });
      assert.deepEqual(read, { opening, manifest });
      assert.deepEqual(seen, { "public.tenant": table, "public.empty": rowsOf([]), ...files });
      if (length === 1 << 20) assert.deepEqual(await readArchive(inPieces(bytes), identities), read);
    }
    assert.deepEqual(manifest.files, { ...manifest.files, count: 3, bytes: 3002, gone: ["ff"] });
    assert.equal(manifest.tables[0]?.rows, 400);
  });

  test("opens for nobody else", async () => {
    const { bytes } = await write();
    const stranger = secret(await generateX25519Identity());
    await assert.rejects(readArchive(inPieces(bytes), [stranger]), { code: "wrong_key" });
    await assert.rejects(readArchive(inPieces(Buffer.from("no archive at all")), identities), {
      code: "damaged",
    });
    assert.throws(() => parseIdentities("age1something"), { code: "wrong_key" });
    assert.equal(reveal(parseIdentities(`# created: today\n${one}\n`)[0] ?? secret("")), one);
  });

  test("is refused when a byte was changed, anywhere", async () => {
    const { bytes } = await write();
    // The header's text byte by byte, and then here and there.
    const header = bytes.indexOf("\n--- ") + 50;
    for (let at = 0; at < bytes.length; at += at < header ? 7 : 61) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(
        readArchive(inPieces(changed), identities),
        { name: "BackupFailure" },
        `byte ${at}`,
      );
    }
  });

  test("is refused when it was cut off or added to, and at chunks' edges too", async () => {
    const long = async function* (): AsyncGenerator<Part> {
      yield* partsOf();
      const content = randomBytes(200_000);
      yield { file: "files/02", bytes: content.length, content: inPieces(content) };
    };
    const { bytes } = await write(long);
    const payload = bytes.indexOf("\n", bytes.indexOf("\n--- ") + 1) + 1 + 16;
    const edges = [payload, payload + 65_552, payload + 2 * 65_552, payload + 3 * 65_552];
    for (const end of [0, 10, payload - 5, ...edges, ...edges.map((e) => e + 100), bytes.length - 1]) {
      await assert.rejects(
        readArchive(inPieces(bytes.subarray(0, end)), identities),
        { code: "damaged" },
        `${end}`,
      );
    }
    await assert.rejects(readArchive(inPieces(Buffer.concat([bytes, Buffer.alloc(1)])), identities), {
      code: "damaged",
    });
  });

  test("is refused when its insides do not fit: what somebody with the recipient alone could make", async () => {
    const plain = await collect(decryptWith(identities, inPieces((await write()).bytes)));
    const { zstdDecompressSync, zstdCompressSync } = await import("node:zlib");
    const tar = zstdDecompressSync(plain);
    const read = async (changed: Buffer) =>
      readArchive(encryptFor(recipients, inPieces(zstdCompressSync(changed))), identities);
    await read(tar);
    const row = tar.indexOf("row 7 ");
    const changed = (bytes: Buffer, change: () => void) => {
      change();
      return bytes;
    };
    const cases: Record<string, (bytes: Buffer) => Buffer> = {
      "another value in a row": (b) => changed(b, () => b.writeUInt8(0x51, row)),
      "another count of rows": (b) =>
        Buffer.from(b.toString("latin1").replace('"rows":400', '"rows":401'), "latin1"),
      "another name in a header": (b) => changed(b, () => b.write("x", b.indexOf("files/00"))),
      "an entry left out": (b) => {
        const at = b.indexOf("files/00");
        return Buffer.concat([b.subarray(0, at), b.subarray(at + 512 + 3072)]);
      },
      "something in the padding": (b) =>
        changed(b, () => b.writeUInt8(1, b.indexOf("files/00") + 512 + 3000)),
      "no end": (b) => b.subarray(0, -512),
      "something after the end": (b) => Buffer.concat([b, Buffer.alloc(512)]),
    };
    for (const [what, change] of Object.entries(cases))
      await assert.rejects(read(change(Buffer.from(tar))), { code: "damaged" }, what);
  });

  test("is not made when a part fails, or has another length than it said", async () => {
    const failing = async function* (): AsyncGenerator<Part> {
      yield* partsOf();
      throw new Error("the database went away");
    };
    await assert.rejects(write(failing), /the database went away/);
    const short = async function* (): AsyncGenerator<Part> {
      yield { file: "files/03", bytes: 10, content: inPieces(Buffer.alloc(9)) };
    };
    await assert.rejects(write(short), /another length/);
  });

  test("takes post-quantum recipients, and mixes them with no others", async () => {
    const identity = await generateHybridIdentity();
    const recipient = await identityToRecipient(identity);
    const mine = await newIdentity([recipient]);
    const { bytes } = await write(partsOf, [recipient, mine.recipient]);
    await readArchive(inPieces(bytes), [secret(identity)]);
    await readArchive(inPieces(bytes), [mine.identity]);
    assert.match((await problemOf([recipient, ...recipients])) ?? "", /^mixes/);
    assert.match((await problemOf(["age1nothing"])) ?? "", /no age recipient/);
    assert.equal(await problemOf(recipients), null);
  });

  test("the library reads what is written here, and the other way round, at every edge of a chunk", async () => {
    for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
      const content = randomBytes(length);
      const sealed = await collect(encryptFor(recipients, inPieces(content, 50_000)));
      const decrypter = new Decrypter();
      decrypter.addIdentity(two);
      assert.ok(Buffer.from(await decrypter.decrypt(sealed)).equals(content), `${length} bytes`);
      assert.ok(
        (await collect(decryptWith(identities, inPieces(sealed)))).equals(content),
        `${length} bytes`,
      );
    }
  });

  test("what an earlier version wrote is still read: testdata/backup", async () => {
    const tar = await readFile(new URL("../../../../testdata/backup/archive.tar.zst", import.meta.url));
    const seen: Record<string, string> = {};
    const read = await readArchive(encryptFor(recipients, inPieces(tar)), identities, {
      async file(path, content) {
        seen[path] = (await collect(content)).toString();
      },
      table: async (name, rows) => {
        seen[name] = createHash("sha256")
          .update(await collect(rows))
          .digest("hex");
        return null;
      },
    });
    const expected = await readFile(
      new URL("../../../../testdata/backup/archive.json", import.meta.url),
      "utf8",
    );
    assert.deepEqual({ ...read, seen }, JSON.parse(expected));
  });

  test("age, zstd, tar and sha256sum of the system open it", async (t) => {
    const has = (program: string) => spawnSync(program, ["--version"]).status === 0;
    for (const program of ["age", "zstd", "tar", "sha256sum"])
      if (!has(program)) return t.skip(`${program} is not installed`);
    const out = join(folder, "opened");
    await mkdir(out);
    await writeFile(join(folder, "identity"), `${two}\n`, { mode: 0o600 });
    await writeFile(join(folder, "archive.age"), (await write()).bytes);
    const opened = spawnSync(
      "bash",
      [
        "-c",
        "set -o pipefail; age -d -i ../identity ../archive.age | zstd -dc | tar -x && sha256sum -c SHA256SUMS",
      ],
      { cwd: out, encoding: "utf8" },
    );
    assert.equal(opened.status, 0, opened.stderr);
    const said = JSON.parse(await readFile(join(out, "vouchsafe-backup.json"), "utf8"));
    assert.deepEqual(said, opening);
    const rows = spawnSync("bash", ["-c", "cat tables/public.tenant/*"], { cwd: out }).stdout;
    assert.equal(
      createHash("sha256").update(rows).digest("hex"),
      createHash("sha256").update(table).digest("hex"),
    );
  });
});

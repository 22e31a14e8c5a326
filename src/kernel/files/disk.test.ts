import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, test } from "node:test";
import { type TenantKeys, tenantKeys } from "../crypto/tenant-keys.ts";
import { diskFileStore } from "./disk.ts";
import { CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES } from "./stream.ts";

const folder = await mkdtemp(join(tmpdir(), "vs-files-"));
after(() => rm(folder, { recursive: true }));
const store = diskFileStore(folder);
const sameKey = createSecretKey(Buffer.alloc(32, 1));
const tenant = (last: string): TenantKeys =>
  tenantKeys(`0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a0${last}`, new Map([[1, sameKey]]));
const keys = tenant("1");
const pathOf = (name: string) => join(folder, name.slice(0, 2), name);
const unreadable = { code: "unreadable" };
const incoming = () => readdir(join(folder, "incoming")).catch(() => []);

const put = (content: Buffer) => store.put(keys, Readable.from([content], { objectMode: false }));

async function read(
  name: string,
  range: { start?: number; end?: number } = {},
  reader: TenantKeys = keys,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await store.open(reader, name, range)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("what is put", () => {
  for (const length of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 700_001]) {
    test(`comes back whole: ${length} bytes`, async () => {
      const content = randomBytes(length);
      const stored = await put(content);
      assert.match(stored.name, /^[0-9a-f]{32}$/);
      assert.equal(stored.bytes, length);
      assert.ok((await read(stored.name)).equals(content));
      assert.deepEqual(await incoming(), []);
    });
  }

  test("is a private file with none of the content in it, and equal content is recognised", async () => {
    const content = Buffer.from("canary ".repeat(30_000));
    const [one, two] = [await put(content), await put(content)];
    assert.notEqual(one.name, two.name);
    assert.deepEqual(one.sha256Keyed, two.sha256Keyed);
    const other = await store.put(tenant("2"), Readable.from([content], { objectMode: false }));
    assert.notDeepEqual(one.sha256Keyed, other.sha256Keyed);
    assert.notEqual(one.sha256Keyed.toString("hex"), createHash("sha256").update(content).digest("hex"));
    assert.equal((await readFile(pathOf(one.name))).includes("canary"), false);
    assert.equal((await stat(pathOf(one.name))).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(pathOf(one.name)))).mode & 0o777, 0o700);
  });

  test("is read in ranges like slice", async () => {
    const content = randomBytes(3 * CHUNK_BYTES + 500);
    const { name } = await put(content);
    const edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, content.length];
    for (const start of edges) {
      for (const end of [...edges, content.length + 99].filter((edge) => edge >= start)) {
        assert.ok((await read(name, { start, end })).equals(content.subarray(start, end)), `${start}-${end}`);
      }
      assert.ok((await read(name, { start })).equals(content.subarray(start)));
    }
    assert.equal((await read(name, { start: content.length + 5 })).length, 0);
    for (const range of [{ start: -1 }, { start: 2, end: 1 }, { start: 0.5 }, { end: Number.NaN }]) {
      await assert.rejects(store.open(keys, name, range), RangeError);
    }
  });

  test("over maxBytes: too_large, the source is let go of, and no file is left", async () => {
    const before = (await readdir(folder, { recursive: true })).length;
    const content = randomBytes(200_000);
    const source = Readable.from([content, content, content], { objectMode: false });
    await assert.rejects(store.put(keys, source, { maxBytes: 399_999 }), { code: "too_large" });
    assert.equal(source.destroyed, true);
    assert.equal((await readdir(folder, { recursive: true })).length, before);
    const exact = Readable.from([content, content], { objectMode: false });
    assert.equal((await store.put(keys, exact, { maxBytes: 400_000 })).bytes, 400_000);
  });

  test("from a source that fails or yields text: its error, and no file", async () => {
    async function* failing() {
      yield randomBytes(100_000);
      throw new Error("the line broke");
    }
    await assert.rejects(store.put(keys, failing()), /the line broke/);
    await assert.rejects(store.put(keys, Readable.from(["text"])), /yields bytes/);
    assert.deepEqual(await incoming(), []);
  });

  test("with too little room on the disk: disk_full, and nothing is begun", async () => {
    const before = (await readdir(folder, { recursive: true })).length;
    let asked = false;
    const source = new Readable({
      read() {
        asked = true;
        this.push(null);
      },
    });
    const crowded = diskFileStore(folder, Number.MAX_SAFE_INTEGER);
    await assert.rejects(crowded.put(keys, source), { code: "disk_full", status: 507 });
    assert.equal(asked, false);
    assert.equal((await readdir(folder, { recursive: true })).length, before);
  });

  test("can be removed, once", async () => {
    const { name } = await put(Buffer.from("x"));
    assert.equal(await store.exists(name), true);
    assert.equal(await store.remove(name), true);
    assert.equal(await store.exists(name), false);
    assert.equal(await store.remove(name), false);
    await assert.rejects(store.open(keys, name), unreadable);
  });
});

test("a name that put did not make reaches no file", async () => {
  const good = "0123456789abcdef0123456789abcdef";
  const bad = ["", "..", "../../etc/passwd", good.toUpperCase(), `${good}0`, good.slice(1), `${good}\n`];
  bad.push(
    `../${good.slice(3)}`,
    `${good.slice(2)}/.`,
    `${good.slice(1)}\0`,
    `incoming/${good}`.slice(0, 32),
  );
  for (const name of bad) {
    await assert.rejects(async () => store.open(keys, name), TypeError);
    await assert.rejects(async () => store.remove(name), TypeError);
    await assert.rejects(async () => store.exists(name), TypeError);
  }
});

describe("a stored file that was tampered with is refused", () => {
  const refuse = async (sealed: Buffer, name: string, what: string) => {
    await writeFile(pathOf(name), sealed);
    await assert.rejects(read(name), unreadable, what);
  };

  test("every byte of a small one", async () => {
    const { name } = await put(Buffer.from("a small file"));
    const good = await readFile(pathOf(name));
    for (let at = 0; at < good.length; at++) {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await refuse(changed, name, `byte ${at}`);
    }
    for (let length = 0; length < good.length; length++)
      await refuse(good.subarray(0, length), name, `${length} bytes`);
    await refuse(Buffer.concat([good, Buffer.from([0])]), name, "extended");
  });

  test("chunks exchanged, dropped, repeated, or from another file of the same tenant", async () => {
    const [one, two] = [await put(randomBytes(3 * CHUNK_BYTES)), await put(randomBytes(3 * CHUNK_BYTES))];
    const good = await readFile(pathOf(one.name));
    const other = await readFile(pathOf(two.name));
    const header = good.subarray(0, HEADER_BYTES);
    const chunk = (of: Buffer, i: number) =>
      of.subarray(HEADER_BYTES + i * SEALED_CHUNK_BYTES, HEADER_BYTES + (i + 1) * SEALED_CHUNK_BYTES);
    const [a, b, c] = [chunk(good, 0), chunk(good, 1), chunk(good, 2)];
    const cases: Record<string, Buffer[]> = {
      exchanged: [header, b, a, c],
      "first dropped": [header, b, c],
      "middle dropped": [header, a, c],
      "last dropped": [header, a, b],
      "all dropped": [header],
      "first repeated": [header, a, a, b, c],
      "last repeated": [header, a, b, c, c],
      "a foreign chunk": [header, a, chunk(other, 1), c],
      "a foreign header": [other.subarray(0, HEADER_BYTES), a, b, c],
    };
    for (const [what, pieces] of Object.entries(cases)) await refuse(Buffer.concat(pieces), one.name, what);
    await writeFile(pathOf(one.name), good);
    assert.equal((await read(one.name)).length, 3 * CHUNK_BYTES);
  });

  test("cut at any chunk's edge, before a byte is served, even to a range that is intact", async () => {
    const { name } = await put(randomBytes(4 * CHUNK_BYTES));
    const good = await readFile(pathOf(name));
    for (const chunks of [1, 2, 3]) {
      await writeFile(pathOf(name), good.subarray(0, HEADER_BYTES + chunks * SEALED_CHUNK_BYTES));
      await assert.rejects(store.open(keys, name, { start: 0, end: 10 }), unreadable);
    }
  });

  test("a change in the middle is an error of the stream, never an end", async () => {
    const { name } = await put(randomBytes(4 * CHUNK_BYTES));
    const changed = await readFile(pathOf(name));
    const at = HEADER_BYTES + 2 * SEALED_CHUNK_BYTES + 5;
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(pathOf(name), changed);
    const stream = await store.open(keys, name);
    let served = 0;
    await assert.rejects(async () => {
      for await (const piece of stream) served += piece.length;
    }, unreadable);
    assert.equal(served, 2 * CHUNK_BYTES);
    assert.equal((await read(name, { end: CHUNK_BYTES })).length, CHUNK_BYTES);
  });

  test("under another name, and for another tenant even with the same data key", async () => {
    const { name } = await put(Buffer.from("mine"));
    await assert.rejects(read(name, {}, tenant("2")), unreadable);
    const moved = name.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    await copyFile(pathOf(name), pathOf(moved));
    await assert.rejects(read(moved), unreadable);
    assert.equal((await read(name)).toString(), "mine");
  });
});

test("a process killed while it writes leaves nothing that is served, and sweep clears it", async () => {
  const own = await mkdtemp(join(folder, "killed-"));
  const script = `
    const { diskFileStore } = await import(process.argv[1] + "/disk.ts");
    const { tenantKeys } = await import(process.argv[1] + "/../crypto/tenant-keys.ts");
    const { createSecretKey } = await import("node:crypto");
    const keys = tenantKeys("0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01", new Map([[1, createSecretKey(Buffer.alloc(32))]]));
    async function* endless() {
      for (let n = 0; ; n++) {
        yield Buffer.alloc(65536);
        if (n === 20) process.stdout.write("writing");
        if (n > 20) await new Promise((later) => setTimeout(later, 5));
      }
    }
    await diskFileStore(process.argv[2]).put(keys, endless());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, import.meta.dirname, own]);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(await readdir(own), ["incoming"]);
  const [left = ""] = await readdir(join(own, "incoming"));
  assert.ok((await stat(join(own, "incoming", left))).size > 20 * CHUNK_BYTES);
  const swept = diskFileStore(own);
  assert.equal(await swept.exists(left), false);
  assert.deepEqual(await swept.sweep(async () => [], 3_600_000), { unfinished: 0, orphans: 0 });
  assert.deepEqual(await swept.sweep(async () => [], -1000), { unfinished: 1, orphans: 0 });
  assert.deepEqual(await readdir(join(own, "incoming")), []);
});

test("sweep removes old files that nobody knows, and only those", async () => {
  const own = await mkdtemp(join(folder, "sweep-"));
  const swept = diskFileStore(own);
  const source = () => Readable.from([Buffer.from("x")], { objectMode: false });
  const [known, young, orphan] = [
    await swept.put(keys, source()),
    await swept.put(keys, source()),
    await swept.put(keys, source()),
  ];
  const longAgo = new Date(Date.now() - 7_200_000);
  for (const { name } of [known, orphan]) await utimes(join(own, name.slice(0, 2), name), longAgo, longAgo);
  await mkdir(join(own, "ab"), { recursive: true });
  await writeFile(join(own, "ab", "notes.txt"), "somebody's own");
  const asked: string[] = [];
  const isKnown = async (names: readonly string[]) => {
    asked.push(...names);
    return [known.name];
  };
  await assert.rejects(
    swept.sweep(() => Promise.reject(new Error("no database")), 3_600_000),
    /no database/,
  );
  assert.equal(await swept.exists(orphan.name), true);
  assert.deepEqual(await swept.sweep(isKnown, 3_600_000), { unfinished: 0, orphans: 1 });
  assert.deepEqual(asked.sort(), [known.name, orphan.name].sort());
  assert.deepEqual(await Promise.all([known, young, orphan].map(({ name }) => swept.exists(name))), [
    true,
    true,
    false,
  ]);
  assert.equal(await readFile(join(own, "ab", "notes.txt"), "utf8"), "somebody's own");
});

test("an unread stream lets go of its file when it is destroyed", async () => {
  const { name } = await put(randomBytes(200_000));
  const stream = await store.open(keys, name);
  stream.destroy();
  await once(stream, "close");
  const partly = await store.open(keys, name);
  for await (const _ of partly) break;
  assert.equal(partly.destroyed, true);
});

test("60 MB in and out need little memory, also when the reader is slow", async () => {
  const piece = randomBytes(CHUNK_BYTES);
  const pieces = 960;
  let peak = 0;
  const watch = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  async function* source() {
    for (let i = 0; i < pieces; i++) {
      watch();
      yield piece;
    }
  }
  await put(piece);
  const before = process.memoryUsage.rss();
  const { name, bytes } = await store.put(keys, source());
  assert.equal(bytes, pieces * CHUNK_BYTES);
  let total = 0;
  const stream = await store.open(keys, name);
  await new Promise((later) => setTimeout(later, 50));
  assert.ok(stream.readableLength <= 2 * CHUNK_BYTES, "reads ahead without being asked");
  for await (const out of stream) {
    total += out.length;
    watch();
  }
  assert.equal(total, bytes);
  assert.ok(peak - before < 40 * 1024 * 1024, `${Math.round((peak - before) / 1024 / 1024)} MB more`);
});

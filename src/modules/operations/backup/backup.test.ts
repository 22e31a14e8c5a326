import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { emptyDatabase, openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { startS3 } from "../../../../test/support/s3.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { readArchive } from "./archive-reading.ts";
import { loadArchive } from "./loading.ts";
import { folderPlace, placesOf } from "./places.ts";
import { latestGood, listRuns } from "./runs.ts";
import { backUp } from "./service.ts";

test("a backup holds everything of one moment, and gives it back", async (t) => {
  const stand = await openBackupStand(t);
  const { system, folder, database, identity } = stand;
  const [harrow, bexley] = [await stand.workspace("harrow"), await stand.workspace("bexley")];
  const [mara, idris] = [await harrow.hire("Mara", "manager"), await bexley.hire("Idris", "manager")];
  await harrow.settle(
    ...(await upload(mara, { name: "a.md", content: "# Rates\nAnchorage is 40 a day." })).items,
  );
  await upload(idris, { name: "b.md", content: "Another text." });
  await sequenceAudit(system);
  const both = await backUp(system, "operator");
  assert.ok(both);
  const made = both.data;

  await t.test("in two archives that nobody else can read", async () => {
    const names = (await readdir(folder)).sort();
    assert.deepEqual(
      names.map((name) => name.replace(/\d{8}T\d{6}Z-[0-9a-f]{12}/, "…")),
      ["data-….tar.zst.age", "keys-….tar.zst.age"],
    );
    for (const name of names) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
      assert.match((await readFile(join(folder, name))).toString("latin1", 0, 21), /^age-encryption.org\/v1/);
    }
    const inside: Record<string, string[]> = { data: [], keys: [] };
    for (const { name, kind } of await folderPlace(folder).list())
      await readArchive(await folderPlace(folder).get(name), [identity], {
        file: async (path) => void inside[kind]?.push(path),
      });
    assert.ok(
      inside.data?.every((path) => /^files\/|^audit\/(key|checkpoint).json$/.test(path)),
      `${inside.data}`,
    );
    assert.equal(inside.data?.filter((path) => path.startsWith("files/")).length, 2);
    assert.ok(inside.data?.includes("audit/checkpoint.json"));
    assert.ok(
      inside.keys?.every((path) => /^keys\/[\w-]+\.(json|gone)$/.test(path)),
      `${inside.keys}`,
    );
    assert.ok(inside.keys?.some((path) => path.includes(harrow.tenant.id)));
  });

  await t.test("is recorded", async () => {
    const run = await latestGood(system);
    assert.equal(run?.name, made.archive.name);
    assert.deepEqual(run?.sha256, made.sha256);
    assert.equal(run?.bytes, (await stat(join(folder, made.archive.name))).size);
    assert.deepEqual(
      (await listRuns(system)).map((r) => [r.kind, r.state]),
      [
        ["keys", "good"],
        ["data", "good"],
      ],
    );
  });

  await t.test("loads into an empty database, byte by byte the same", async () => {
    const target = await emptyDatabase(t, database);
    const files: Record<string, number> = {};
    const loaded = await loadArchive({
      ...target,
      archive: await folderPlace(folder).get(made.archive.name),
      identities: [identity],
      file: async (path, content, bytes) => {
        let seen = 0;
        for await (const piece of content) seen += piece.length;
        assert.equal(seen, bytes);
        files[path] = seen;
      },
    });
    assert.equal(
      loaded.rows,
      made.manifest.tables.reduce((all, { rows }) => all + rows, 0),
    );
    assert.deepEqual(loaded.left, []);
    for (const name of ["document", "passage", "index_posting", "audit.entry", "directory.tenant_slug"]) {
      const sql = `select md5(string_agg(r::text, ',' order by r::text)) from ${name} r`;
      const here = await query(database.url("postgres"), sql);
      assert.deepEqual(await target.sql(sql), here, name);
      assert.notEqual(here[0]?.[0], null);
    }
    assert.equal(Object.keys(files).length, made.manifest.files.count);
  });

  await t.test("holds what was there when it began, not what came while it was made", async () => {
    let raced = false;
    const slow = folderPlace(folder);
    const place = {
      ...slow,
      put: async (name: string, source: AsyncIterable<Uint8Array>) => {
        // The snapshot is open, and nothing has been read of it yet.
        if (!raced) await upload(mara, { name: "late.md", content: "Came too late." });
        raced = true;
        await slow.put(name, source);
      },
    };
    const before = (await query(database.url("postgres"), "select count(*)::int from document"))[0]?.[0];
    const again = await backUp(system, "operator", [place]);
    assert.equal(again?.data.manifest.tables.find((table) => table.name === "public.document")?.rows, before);
  });

  await t.test(
    "a file that is missing though a document names it fails the backup, and is told",
    async () => {
      const [[file]] = (await query(
        database.url("postgres"),
        "select file from document_version limit 1",
      )) as [[string]];
      const broken = {
        ...system,
        files: {
          ...system.files,
          sealed: async (name: string) => (name === file ? null : system.files.sealed(name)),
        },
      };
      await assert.rejects(backUp(broken, "schedule"), { code: "incomplete" });
      const [run] = await listRuns(system);
      assert.deepEqual([run?.state, run?.problem, run?.kind], ["failed", "incomplete", "data"]);
      assert.equal(
        (await readdir(folder)).some((name) => name === run?.name || name.endsWith(".unfinished")),
        false,
      );
    },
  );

  await t.test("one that does not read back as it was written is a failure, and is taken away", async () => {
    const good = folderPlace(folder);
    const rotten = {
      ...good,
      put: async (name: string, source: AsyncIterable<Uint8Array>) => {
        await good.put(name, source);
        const bytes = await readFile(join(folder, name));
        bytes[bytes.length - 1000] = (bytes[bytes.length - 1000] ?? 0) ^ 1;
        await writeFile(join(folder, name), bytes);
      },
    };
    await assert.rejects(backUp(system, "schedule", [rotten]), { code: "damaged" });
    const [run] = await listRuns(system);
    assert.equal(run?.state, "failed");
    await assert.rejects(stat(join(folder, run?.name ?? "")), { code: "ENOENT" });
  });

  await t.test("goes to a bucket as well, in parts, and is read back from there", async (s) => {
    const service = await startS3();
    s.after(() => service.close());
    const far = stand.with({ bucket: { ...service.config, partBytes: 5 * 1024 * 1024 } });
    const places = placesOf(far.config.backup, far.config.home);
    const copied = await backUp(far, "operator", places);
    assert.deepEqual(
      copied?.data.places.map(({ kind }) => kind),
      ["folder", "bucket"],
    );
    assert.ok(
      service.requests.some(
        (request) => request.startsWith("GET") && request.includes(copied?.data.archive.name ?? "?"),
      ),
    );
    const listed = await places[1]?.list();
    assert.equal(listed?.length, 2);
    service.intercept((_request, response) => {
      response.writeHead(403).end();
      return true;
    });
    await assert.rejects(backUp(far, "operator", places), { code: "refused" });
    assert.equal((await listRuns(far))[0]?.problem, "refused");
  });

  await t.test("two processes at once make one", async () => {
    const two = await Promise.all([backUp(system, "operator"), backUp(system, "operator")]);
    assert.equal(two.filter((one) => one === null).length, 1);
  });

  await t.test(
    "with new recipients, new ones open for these, and old ones stay readable with the old identity",
    async () => {
      const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
      const { secret } = await import("../../../kernel/secret.ts");
      const words = await generateX25519Identity();
      const renewed = stand.with({ recipients: [await identityToRecipient(words)] });
      const after = await backUp(renewed, "operator");
      const place = folderPlace(folder);
      await readArchive(await place.get(made.archive.name), [identity]);
      await readArchive(await place.get(after?.data.archive.name ?? ""), [secret(words)]);
      await assert.rejects(
        async () => readArchive(await place.get(after?.data.archive.name ?? ""), [identity]),
        { code: "wrong_key" },
      );
    },
  );
});

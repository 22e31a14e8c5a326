import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { unzipSync } from "fflate";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, openStage, type Person } from "../../../../test/support/stage.ts";
import { allJobs } from "../../../app.ts";
import { days } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { projectFolder } from "../../../project.ts";
import { uploadDocuments } from "../../knowledge/documents/upload.ts";
import { saveSearch } from "../../knowledge/saved-searches/service.ts";
import { endExports } from "./ending.ts";
import { makeExport, makingExports } from "./making.ts";
import { askForExport, endExport, fetchPart, listExports, rangeOf } from "./service.ts";

test("exports", async (t) => {
  const stage = await openStage(t, { jobs: allJobs });
  const company = await stage.company("quill");
  const mara = await company.hire("Mara", "owner");
  const piet = await company.hire("Piet", "manager");
  const ines = await company.hire("Ines", "admin");
  await add(mara, "Report.md", "# Plan\n\nThe owner's words.");
  await add(piet, "Report.md", "Piet's private words.");
  await add(piet, "../../escape.md", "Words that would get out.");
  const asking = (by: Person = mara) => by.as("tenant.export");
  const own = (by: Person = mara) => by.as("account.export");

  await t.test("of everything: originals, rows, and a log that verifies", async (t) => {
    await saveSearch(piet.as("saved-search.create"), { name: "Damaged", q: "plan", filters: {} });
    await asSuperuser(stage.database, (client) =>
      client.query(
        "update saved_search set body = set_byte(body, length(body) - 1, get_byte(body, length(body) - 1) # 255)",
      ),
    );
    const { id } = await askForExport(asking(), "workspace", null);
    await make(id);
    const [made] = await listExports(own());
    assert.deepEqual([made?.state, made?.done, made?.total, made?.parts.length], ["ready", 3, 3, 1]);
    const bytes = await fetched(own(), id);
    assert.equal(made?.parts[0]?.bytes, bytes.length);
    const files = unzipSync(bytes);
    const names = Object.keys(files);
    const said = (name: string) => Buffer.from(files[`quill-1/${name}`] ?? []).toString();
    assert.equal(said("documents/Report.md"), "# Plan\n\nThe owner's words.");
    assert.equal(said("documents/Report (2).md"), "Piet's private words.");
    assert.ok(
      names.every((name) => name.startsWith("quill-1/") && !name.split("/").includes("..")),
      names.join(),
    );
    // What does not open is no nothing: the manifest names it.
    const { missing } = JSON.parse(said("manifest.json")) as { missing: string[] };
    assert.equal(missing.length, 1);
    assert.match(missing[0] ?? "", /^data\/saved_search body /);
    const members = JSON.parse(said("data/member.json"));
    assert.deepEqual(members.map((m: { name: string }) => m.name).sort(), ["Ines", "Mara", "Piet"]);
    assert.ok(
      !said("data/member.json").includes("password") && said("data/member.csv").includes(piet.address),
    );
    for (const line of said("SHA256SUMS").trim().split("\n")) {
      const [sum, name = ""] = line.split("  ");
      assert.equal(
        createHash("sha256")
          .update(files[`quill-1/${name}`] ?? "")
          .digest("hex"),
        sum,
        name,
      );
    }
    // Others' programs read it, too, and ours verifies the log that is in it.
    const folder = temporary(t);
    writeFileSync(join(folder, "x.zip"), bytes);
    execFileSync("python3", ["-m", "zipfile", "-t", join(folder, "x.zip")]);
    writeFileSync(join(folder, "log.jsonl"), said("audit/log.jsonl"));
    const verified = execFileSync(process.execPath, [
      join(projectFolder, "verify/main.ts"),
      "export",
      join(folder, "log.jsonl"),
      "--key",
      JSON.parse(said("audit/log.jsonl").split("\n")[0] ?? "").key,
    ]).toString();
    assert.match(verified, /^(VERIFIED|All|OK|.*All \d+ entries)/im);
  });

  await t.test("whoever has something in it is told, and the log says so of each", async () => {
    const rows = await asSuperuser(stage.database, async (client) => [
      ...(await client.query("select member_id, kind from notice where kind = 'workspace-exported'")).rows,
      ...(await client.query("select resource_id from audit.entry where event = 'content.exported'")).rows,
    ]);
    assert.deepEqual(rows, [{ member_id: piet.id, kind: "workspace-exported" }, { resource_id: piet.id }]);
  });

  await t.test("of a person: their own, and nothing of anybody else's", async () => {
    const { id } = await askForExport(own(piet), "person", null);
    await make(id);
    const files = unzipSync(await fetched(own(piet), id));
    const all = Object.values(files)
      .map((file) => Buffer.from(file).toString())
      .join("\n");
    assert.ok(all.includes("Piet's private words.") && all.includes(piet.address));
    assert.ok(!all.includes("The owner's words.") && !all.includes(mara.address));
  });

  await t.test(
    "to a key of the asker's it is encrypted, and a wrong one is refused before anything happens",
    async () => {
      const identity = await generateX25519Identity();
      const { id } = await askForExport(asking(), "workspace", await identityToRecipient(identity));
      await make(id);
      const sealed = await fetched(own(), id);
      assert.throws(() => unzipSync(sealed));
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      assert.ok(unzipSync(await decrypter.decrypt(sealed))["quill-1/README.txt"]);
    },
  );

  await t.test("in parts, each of which is begun anew where it was cut off", async () => {
    await add(mara, "Fourth.md", "The fourth.");
    const { id } = await askForExport(asking(await company.hire("Nora", "owner")), "workspace", null);
    const job = makingExports(2);
    const ctx = () => jobContext(stage.system, { tenantId: company.id, slug: company.slug });
    await job.run(ctx(), id, false);
    // The disk is full in the middle of the second part, and later it is not.
    const full = {
      ...stage.system,
      files: {
        ...stage.system.files,
        put: async () => {
          throw new Error("no room");
        },
      },
    };
    await assert.rejects(job.run({ ...ctx(), system: full }, id, false));
    const state = () =>
      asSuperuser(stage.database, async (client) => {
        const { rows } = await client.query("select state, done from export where export_id = $1", [id]);
        const parts = await client.query("select no from export_part where export_id = $1 order by no", [id]);
        return [rows[0].state, rows[0].done, parts.rows.map(({ no }) => no)];
      });
    assert.deepEqual(await state(), ["making", 2, [1]]);
    await job.run(ctx(), id, false);
    assert.deepEqual(await state(), ["ready", 4, [1, 2]]);
    // Once more, as after a crash that lost only the queue's note of its end.
    await job.run(ctx(), id, false);
    assert.deepEqual(await state(), ["ready", 4, [1, 2]]);
  });

  await t.test("it is the asker's alone, while they may, for seven days", async () => {
    const { id } = await askForExport(asking(), "workspace", null);
    await make(id);
    await assert.rejects(askForExport(asking(ines), "workspace", null), refused("forbidden"));
    for (const other of [ines, piet]) {
      await assert.rejects(fetchPart(own(other), id, 1, undefined), refused("not_found"));
      await assert.rejects(endExport(own(other), id), refused("not_found"));
    }
    const whole = await fetched(own(), id);
    const range = await fetchPart(own(), id, 1, "bytes=10-19");
    assert.deepEqual(await buffer(range.stream), whole.subarray(10, 20));
    assert.deepEqual(range.ranges, { start: 10, end: 20, total: whole.length });
    const files = await asSuperuser(
      stage.database,
      async (c) => (await c.query("select file from export_part")).rows,
    );
    stage.pass(days(7.01));
    assert.ok((await endExports(stage.system)) > 0);
    for (const { file } of files) assert.equal(await stage.system.files.exists(file), false);
  });

  await t.test("ranges", () => {
    assert.deepEqual(rangeOf("bytes=0-", 10), { start: 0, end: 10 });
    assert.deepEqual(rangeOf("bytes=-3", 10), { start: 7, end: 10 });
    assert.deepEqual(rangeOf("bytes=2-100", 10), { start: 2, end: 10 });
    for (const bad of [undefined, "", "bytes=-", "bytes=5-2", "bytes=10-", "bytes=0-1,3-4", "items=0-1"])
      assert.equal(rangeOf(bad, 10), null, bad);
  });

  function make(id: string): Promise<void> {
    return makeExport.run(jobContext(stage.system, { tenantId: company.id, slug: company.slug }), id, false);
  }
  async function fetched(ctx: Ctx, id: string): Promise<Buffer> {
    return buffer((await fetchPart(ctx, id, 1, undefined)).stream);
  }
  async function add(by: Person, name: string, words: string): Promise<void> {
    async function* one() {
      yield { name, stream: Readable.from([Buffer.from(words)]) };
    }
    const { refused: no } = await uploadDocuments(by.as("document.upload"), one());
    assert.deepEqual(no, []);
  }
});

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-export-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

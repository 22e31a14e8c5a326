import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { readSettings } from "../../../commands/settings.ts";
import { startInstance } from "../../../instance.ts";
import { noDemand } from "../../../kernel/context.ts";
import { copyIn } from "../../../kernel/copy.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { openLog } from "../../../kernel/log.ts";
import { timersOf } from "../../../timers.ts";
import { passwordCell } from "../../identity/members.ts";
import { hashPassword } from "../../identity/passwords/hash.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { findPassages } from "../../knowledge/service.ts";
import { choose } from "../backup/choosing.ts";
import { folderPlace } from "../backup/places.ts";
import { backUp } from "../backup/service.ts";
import { builtIn, restoreBeside } from "./beside.ts";

const PASSWORD = "a cup of rain for Tuesday";

test("a workspace as it was stands beside the real one, alone", async (t) => {
  const { system, folder, identity, workspace, database } = await openBackupStand(t);
  const [harrow, bexley] = [await workspace("harrow"), await workspace("bexley")];
  const [mara, idris] = [await harrow.hire("Mara", "owner"), await bexley.hire("Idris", "owner")];
  const keys = await system.keyring.tenant(harrow.tenant.id);
  const password = keys.seal(passwordCell(mara.id), await hashPassword(PASSWORD)).toString("hex");
  const sql = (text: string) => query(database.url("postgres"), text);
  await sql(`update member set password = '\\x${password}' where member_id = '${mara.id}'`);
  const { items } = await upload(mara, {
    name: "rates.md",
    content: "Anchorage costs forty guilders a day.\n",
  });
  await harrow.settle(...items);
  await upload(idris, { name: "theirs.md", content: "Another's." });
  const [[theirFile] = []] = await sql(`select file from document where tenant_id = '${bexley.tenant.id}'`);
  await backUp(system, "operator");
  await sql(`delete from passage where tenant_id = '${harrow.tenant.id}'`);

  const place = mkdtempSync(join(tmpdir(), "vouchsafe-beside-"));
  chmodSync(place, 0o711);
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const [home, runtime] = [join(place, "copy"), join(place, "runtime")];
  const { data } = await choose([folderPlace(folder)], {});
  const log = openLog("silent");
  const options = {
    system,
    folder: home,
    data,
    identities: [identity],
    log,
    start: builtIn(log, { runtime, durable: false }),
  };
  await assert.rejects(restoreBeside({ ...options, slug: "nobody" }), { code: "incomplete" });
  assert.throws(() => readdirSync(home), { code: "ENOENT" }, "what is refused leaves no folder");
  await assert.rejects(restoreBeside({ ...options, slug: "operator" }), { code: "unsupported" });
  writeFileSync(join(place, "kept"), "");
  await assert.rejects(restoreBeside({ ...options, slug: "harrow", folder: place }), {
    problem: `${place} is not empty.`,
  });

  const before = await sql("select count(*)::int from audit.entry");
  const copied = await restoreBeside({ ...options, slug: "harrow" });
  assert.equal(copied.files, 1);
  assert.deepEqual(await sql("select count(*)::int from audit.entry"), before, "the real one is as it was");
  // Not a byte of anybody else's: neither in the database's files nor among files and keys.
  for (const trace of [
    bexley.tenant.id,
    Buffer.from(bexley.tenant.id.replaceAll("-", ""), "hex"),
    String(theirFile),
  ]) {
    const pattern =
      typeof trace === "string"
        ? trace
        : [...trace].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    const found = spawnSync("grep", ["-rlaP", pattern, place], { encoding: "utf8", env: { LC_ALL: "C" } });
    assert.equal(found.stdout, "", `nothing of the other workspace: ${pattern}`);
  }
  assert.deepEqual(
    readdirSync(join(home, "keys")).filter((name) => name.endsWith(".json") && name !== "masters.json")
      .length,
    2,
  );

  // With all settings of the real one around it.
  const env = {
    VOUCHSAFE_HOME: home,
    PORT: "0",
    SMTP_URL: "smtp://127.0.0.1:1",
    BACKUP_RECIPIENTS: "age1x",
    FILES: "s3",
    MASTER_KEY: "AAAA",
    DATABASE_URL: "postgres://x/y",
    ATTACK_EVERY_MINUTES: "60",
  };
  const outside = { ...process.env };
  t.after(() => void Object.assign(process.env, outside));
  Object.assign(process.env, env);
  const config = readSettings();
  assert.deepEqual(
    [config.smtpUrl, config.databaseUrl, config.s3, config.backup.recipients, config.attackEveryMinutes],
    [null, null, null, [], 0],
  );
  assert.equal(process.env.MASTER_KEY, undefined);
  assert.match(config.name, /^Copy of 20/);
  assert.equal(copyIn(home)?.slug, "harrow");
  assert.deepEqual(
    timersOf(home).map(({ name }) => name),
    ["audit log", "indexes"],
  );
  const instance = await startInstance({ config, log, env: process.env, runtime, durable: false });
  try {
    const shown = (await (await fetch(`${instance.url}/api/installation`)).json()) as { copyOf: string };
    assert.match(shown.copyOf, /^20.*Z$/, "every page says so");
    const ctx = jobContext(instance.system, { tenantId: harrow.tenant.id, slug: "harrow" });
    const { items: found } = await findPassages(ctx, mara.id, "anchorage guilders", 10);
    assert.equal(found.length, 1);
    const signed = await signIn(
      {
        ...ctx,
        actor: { kind: "visitor" },
        demand: { ...noDemand, changes: true },
        origin: { ip: "127.0.0.1", userAgent: "test" },
      },
      "mara@harrow.example",
      PASSWORD,
    );
    assert.equal(signed.state, "open");
    assert.equal(await instance.system.directory.tenantBySlug("bexley"), null);
  } finally {
    await instance.close();
  }
});

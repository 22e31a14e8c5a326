import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { run as migrateIt } from "../../../commands/migrate.ts";
import { run as rotateKeys } from "../../../commands/rotate-keys.ts";
import { readSettings } from "../../../commands/settings.ts";
import { startInstance } from "../../../instance.ts";
import { noDemand } from "../../../kernel/context.ts";
import { copyIn } from "../../../kernel/copy.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { openLog } from "../../../kernel/log.ts";
import { accessCookie } from "../../../kernel/routes/guards.ts";
import type { System } from "../../../kernel/system.ts";
import { timersOf } from "../../../timers.ts";
import { passwordCell } from "../../identity/members.ts";
import { hashPassword } from "../../identity/passwords/hash.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { findPassages } from "../../knowledge/service.ts";
import { eraseAgain } from "../../privacy/erasure/again.ts";
import { readErased } from "../../privacy/erasure/ledger.ts";
import { spokenCell } from "../../privacy/erasure/service.ts";
import { choose } from "../backup/choosing.ts";
import { folderPlace } from "../backup/places.ts";
import { backUp } from "../backup/service.ts";
import { builtIn, restoreBeside } from "./beside.ts";

const PASSWORD = "a cup of rain for Tuesday";

test("a workspace as it was stands beside the real one, alone", async (t) => {
  const { system, folder, identity, workspace, database } = await openBackupStand(t);
  const [harrow, bexley] = [await workspace("harrow"), await workspace("bexley")];
  const [mara, idris] = [await harrow.hire("Mara", "owner"), await bexley.hire("Idris", "owner")];
  const [pia, vesna] = [await harrow.hire("Pia", "owner"), await harrow.hire("Vesna", "manager")];
  const keys = await system.keyring.tenant(harrow.tenant.id);
  const sql = (text: string) => query(database.url("postgres"), text);
  for (const { id } of [mara, pia]) {
    const password = keys.seal(passwordCell(id), await hashPassword(PASSWORD)).toString("hex");
    await sql(`update member set password = '\\x${password}' where member_id = '${id}'`);
  }
  // Begun when the backup is made: the copy ends it, and writes that down for itself.
  const begun = newId();
  const spoken = keys.seal(spokenCell(begun), '{"addresses":[]}').toString("hex");
  await sql(`insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, created_at, spoken, state)
    values ('${harrow.tenant.id}', '${begun}', '${vesna.id}', '${mara.id}', 'deleted', now(), '\\x${spoken}', 'working')`);
  const { items } = await upload(mara, {
    name: "rates.md",
    content: "Anchorage costs forty guilders a day.\n",
  });
  await harrow.settle(...items);
  await upload(idris, { name: "theirs.md", content: "Another's." });
  const [[theirFile] = []] = await sql(`select file from document where tenant_id = '${bexley.tenant.id}'`);
  await backUp(system, "operator");
  await sql(`delete from passage where tenant_id = '${harrow.tenant.id}'`);
  await sql(`update member set status = 'suspended' where member_id = '${pia.id}'`);
  const erased = [
    {
      tenant: harrow.tenant.id,
      member: newId(),
      at: new Date().toISOString(),
      by: mara.id,
      content: "deleted",
      to: null,
    },
  ] as const;

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
    live: { adminUrl: withDatabase(database.url("postgres"), "postgres"), database: database.database },
    start: builtIn(log, { runtime, durable: false }),
    prepare: (copy: System, adminUrl: string, only: string, taken: Date) =>
      eraseAgain(copy, adminUrl, { taken, only, erased }),
  };
  await assert.rejects(restoreBeside({ ...options, slug: "nobody" }), { code: "incomplete" });
  assert.throws(() => readdirSync(home), { code: "ENOENT" }, "what is refused leaves no folder");
  await assert.rejects(restoreBeside({ ...options, slug: "operator" }), { code: "unsupported" });
  writeFileSync(join(place, "kept"), "");
  await assert.rejects(restoreBeside({ ...options, slug: "harrow", folder: place }), {
    problem: `${place} is not empty.`,
  });

  // Somebody begins another installation in the same folder while the archive is read.
  const theirs = join(home, "keys", "theirs.json");
  const reading = () => {
    mkdirSync(join(home, "keys"), { recursive: true });
    writeFileSync(theirs, "");
    return data.read();
  };
  await assert.rejects(restoreBeside({ ...options, slug: "harrow", data: { ...data, read: reading } }), {
    problem: `${home} is not empty.`,
  });
  assert.ok(existsSync(theirs), "what is another's stays");
  const events = () =>
    sql(
      `select tenant_id from audit.entry where event = 'tenant.copied' and tenant_id = '${harrow.tenant.id}'`,
    );
  assert.equal((await events()).length, 1, "the real one's log says so before there is anything");
  rmSync(home, { recursive: true });
  const copied = await restoreBeside({ ...options, slug: "harrow" });
  assert.equal(copied.files, 1);
  assert.equal((await events()).length, 2);
  assert.deepEqual(await readErased(system.config.home), [], "what the copy does is not the real one's");
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
    readdirSync(join(home, "keys")).filter(
      (name) => name.endsWith(".json") && !["masters.json", "erased.json"].includes(name),
    ).length,
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
    HOST: "0.0.0.0",
    PUBLIC_URL: "https://desk.example",
    TRUSTED_PROXIES: "10.0.0.0/8",
    MIGRATION_DATABASE_URL: "postgres://x@127.0.0.1:1/y",
  };
  const outside = { ...process.env };
  t.after(() => void Object.assign(process.env, outside));
  Object.assign(process.env, env);
  await assert.rejects(migrateIt(), { problem: "MIGRATION_DATABASE_URL is not set." });
  Object.assign(process.env, env);
  t.mock.method(process.stdout, "write", () => true);
  await rotateKeys(["--status"]);
  t.mock.restoreAll();
  assert.equal(process.env.MASTER_KEY, undefined, "nor is the real one's master key registered here");
  Object.assign(process.env, env);
  const config = readSettings();
  assert.deepEqual(
    [config.smtpUrl, config.databaseUrl, config.s3, config.backup.recipients, config.attackEveryMinutes],
    [null, null, null, [], 0],
  );
  assert.equal(process.env.MASTER_KEY, undefined);
  assert.deepEqual([config.host, config.publicUrl, config.trustedProxies], ["127.0.0.1", null, []]);
  assert.match(accessCookie("harrow"), /^__Host-vs_access-20\d+T\w+\.harrow$/);
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
    await assert.rejects(
      signIn(
        {
          ...ctx,
          actor: { kind: "visitor" },
          demand: { ...noDemand, changes: true },
          origin: { ip: "127.0.0.1", userAgent: "test" },
        },
        "pia@harrow.example",
        PASSWORD,
      ),
      "suspended since",
    );
    assert.equal(await instance.system.directory.tenantBySlug("bexley"), null);
  } finally {
    await instance.close();
  }
});

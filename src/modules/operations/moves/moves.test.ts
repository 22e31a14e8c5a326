import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import pg from "pg";
import { type BackupStand, openBackupStand, query } from "../../../../test/support/backup.ts";
import { type Member, upload, type Workspace } from "../../../../test/support/knowledge.ts";
import { testDatabase } from "../../../../test/support/postgres.ts";
import { type Ctx, noDemand } from "../../../kernel/context.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { createChat } from "../../assistant/chats.ts";
import { assistantJobs } from "../../assistant/jobs.ts";
import { ask, readChat } from "../../assistant/service.ts";
import { passwordCell, tenantNameCell } from "../../identity/members.ts";
import { hashPassword } from "../../identity/passwords/hash.ts";
import { startSession } from "../../identity/sessions/service.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { findPassages } from "../../knowledge/service.ts";
import { finishErasures } from "../../privacy/erasure/finishing.ts";
import { spokenCell } from "../../privacy/erasure/service.ts";
import { insertTenant } from "../../tenancy/tenants/service.ts";
import "../permissions.ts";
import { signerOf } from "../audit/log/keeper.ts";
import { exportLines, publicLog } from "../audit/log/proofs.ts";
import { listEntries } from "../audit/service.ts";
import type { Opening } from "../backup/contents.ts";
import { tablesOfTenant } from "../backup/one-tenant.ts";
import { folderPlace } from "../backup/places.ts";
import { tablesOf } from "../backup/tables.ts";
import { type Forgery, forgeArchive, gather, once, rawId, rawTime, replaced } from "./checks/forging.ts";
import { type Exported, exportTenant } from "./exporting.ts";
import { importTenant } from "./importing.ts";
import { finishAtStart } from "./unfinished.ts";
import { requirePossible } from "./values.ts";

const PASSWORD = "a cup of rain for Tuesday";

suite("a workspace moves to another installation", () => {
  let old: BackupStand;
  let next: BackupStand;
  let harrow: Workspace;
  let mara: Member;
  let neighbour: Workspace;
  let exported: Exported;
  let document = "";
  let file = "";
  let theirFile = "";
  let scratch: { adminUrl: string; database: string };
  const cleanups: (() => Promise<void>)[] = [];
  const t = { after: (fn: () => Promise<void>) => void cleanups.push(fn) };

  before(async () => {
    [old, next] = [await openBackupStand(t), await openBackupStand(t)];
    for (const stand of [old, next]) {
      const tenantId = newId();
      await stand.system.keyring.create(tenantId);
      await unit(jobContext(stand.system, { tenantId, slug: "operator" }), (ctx) =>
        insertTenant(ctx, "operator", "Operations"),
      );
    }
    scratch = { adminUrl: reachOf(next).adminUrl, database: (await testDatabase(t)).database };
    // Others on both sides, so that places in the two logs differ.
    await (await old.workspace("bexley")).hire("Idris", "owner");
    neighbour = await next.workspace("neighbour");
    const theirs = await neighbour.hire("Noor", "owner");
    await upload(theirs, { name: "own.md", content: "Nobody else's." });
    harrow = await old.workspace("harrow12");
    mara = await harrow.hire("Mara", "owner");
    const keys = await old.system.keyring.tenant(harrow.tenant.id);
    const phc = await hashPassword(PASSWORD);
    await query(
      old.database.url("postgres"),
      `update member set password = '\\x${keys.seal(passwordCell(mara.id), phc).toString("hex")}' where member_id = '${mara.id}'`,
    );
    // Somebody whose erasure the old place has begun, and not ended.
    const piet = await harrow.hire("Piet", "viewer");
    const erasure = newId();
    const spoken = keys.seal(spokenCell(erasure), JSON.stringify({ addresses: [] })).toString("hex");
    await query(
      old.database.url("postgres"),
      `update member set status = 'removed', address_hash = null where member_id = '${piet.id}';
       insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, created_at, spoken, state)
         values ('${harrow.tenant.id}', '${erasure}', '${piet.id}', '${mara.id}', 'deleted', now(), '\\x${spoken}', 'working')`,
    );
    const { items } = await upload(mara, {
      name: "rates.md",
      content: "# Rates\n\nAnchorage in the inner harbour costs forty guilders a day.\n",
    });
    await harrow.settle(...items);
    document = items[0]?.id ?? "";
    const fileOf = async (stand: BackupStand, tenant: string) =>
      String(
        (
          await query(
            stand.database.url("postgres"),
            `select file from document where tenant_id = '${tenant}'`,
          )
        )[0]?.[0],
      );
    file = await fileOf(old, harrow.tenant.id);
    theirFile = await fileOf(next, neighbour.tenant.id);
    exported = await exportTenant(old.system, {
      slug: "harrow12",
      to: folderPlace(old.folder),
      recipients: [next.recipient],
    });
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  /** As the command does; of one scratch database, since what is refused leaves nothing in it. */
  async function bring(options: Partial<Parameters<typeof importTenant>[0]> = {}) {
    return importTenant({
      system: next.system,
      live: reachOf(next),
      scratch,
      archive: () => folderPlace(old.folder).get(exported.name),
      identities: [next.identity],
      signedBy: exported.signedBy,
      ...options,
    });
  }

  /** Nothing of it is there, in any table, in the key store, among the files. */
  async function requireNothing(words: string) {
    const url = next.database.url("postgres");
    const tables = (
      await query(
        url,
        "select table_schema || '.' || table_name from information_schema.columns where column_name = 'tenant_id' and table_schema in ('public', 'audit', 'directory', 'platform')",
      )
    ).flat();
    const found = tables.map(
      (table) =>
        `select '${table}' where exists (select from ${table} where tenant_id = '${harrow.tenant.id}')`,
    );
    assert.deepEqual(await query(url, found.join(" union all ")), [], words);
    assert.equal(next.system.keyring.has(harrow.tenant.id), false, `${words}: keys`);
    assert.equal(await next.system.files.exists(file), false, `${words}: a file`);
    assert.deepEqual(await query(url, "select slug from directory.tenant_slug order by 1"), [
      ["neighbour"],
      ["operator"],
    ]);
  }

  /** The same archive as a hostile operator would change it, signed again with their key. */
  async function forged(change: Forgery): Promise<() => Promise<AsyncIterable<Uint8Array>>> {
    const bytes = await forgeArchive(
      {
        folder: old.folder,
        name: exported.name,
        identity: next.identity,
        recipient: next.recipient,
        signer: await signerOf(old.system),
      },
      change,
    );
    return async () => once(bytes);
  }

  const inTable =
    (table: string, from: string, to: string): NonNullable<Forgery["table"]> =>
    (name, rows) =>
      name === table ? replaced(rows, from, to) : rows;

  test("an archive is refused before anything is written", async () => {
    const archive = async () => readFileSync(join(old.folder, exported.name));
    const bytes = await archive();
    const changed = Buffer.from(bytes);
    changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
    const one = (content: Buffer) => async () => once(content);
    const other = (await publicLog(next.system)).key;
    const { system } = next;
    const cases: [words: string, code: string, options: Parameters<typeof bring>[0]][] = [
      ["another identity", "wrong_key", { identities: [old.identity] }],
      ["a changed byte", "damaged", { archive: one(changed) }],
      ["one that was cut off", "damaged", { archive: one(bytes.subarray(0, -1000)) }],
      ["another signer", "damaged", { signedBy: other }],
      ["no signer", "incomplete", { signedBy: "harrow" }],
      ["a taken short name", "taken", { slug: "neighbour" }],
      ["the operator's short name", "taken", { slug: "operator" }],
      ["a short name that is none", "taken", { slug: "../x" }],
      ["too little room", "incomplete", { room: 1024 }],
    ];
    for (const [words, code, options] of cases) {
      await assert.rejects(bring({ system, ...options }), { code }, words);
      await requireNothing(words);
    }
  });

  test("values that no workspace has are refused: they would end the work for all others", async () => {
    const keys = await old.system.keyring.tenant(harrow.tenant.id);
    const name = keys.seal(tenantNameCell(harrow.tenant.id), "Neigh\u202ebour");
    const cases: [about: RegExp, ...NonNullable<Forgery["column"]>][] = [
      [/erasure names a time/, "public.erasure", "created_at", rawTime(Date.UTC(20_000, 0))],
      [/erasure of this archive/, "public.erasure", "spoken", Buffer.alloc(40)],
      [/says something of itself/, "public.tenant", "name", name],
    ];
    for (const [message, ...column] of cases) {
      await assert.rejects(bring({ archive: await forged({ column }) }), { code: "damaged", message });
      await requireNothing(String(message));
    }
    // The rest where rows are looked at, without an archive for each.
    const client = new pg.Client({ connectionString: withDatabase(scratch.adminUrl, scratch.database) });
    await client.connect();
    const tables = tablesOfTenant(await tablesOf(client));
    const refused = async (row: string, about: RegExp | null) => {
      await client.query("begin; set local session_replication_role = replica");
      await client.query(`update ${row}`);
      const looked = requirePossible(client, tables, new Date().toISOString());
      await (about ? assert.rejects(looked, { code: "damaged", message: about }, row) : looked);
      await client.query("rollback");
    };
    try {
      await refused("public.erasure set created_at = now()", null);
      await refused("public.erasure set created_at = '-infinity'", /erasure names a time/);
      await refused("audit.entry set at = now() + interval '2 days'", /entry names a time/);
      await refused("public.member set last_sign_in_at = '4714-11-25 BC'", /member names a time/);
      await refused("public.tenant set factor_required_from = now() + interval '1 year'", null);
      await refused("public.tenant set factor_required_from = 'infinity'", /tenant names a time/);
      await refused("public.tenant set factor_required_from = now() + interval '11 years'", /tenant names/);
      await refused("public.member set preferences = decode(repeat('00', 300000), 'hex')", /member holds a/);
      await refused("public.passage set body = decode(repeat('00', 300000), 'hex')", null);
      await refused("public.passage set body = decode(repeat('00', 5000000), 'hex')", /passage holds a/);
    } finally {
      await client.end();
    }
  });

  test("what a hostile operator signs is refused, or does nothing", async () => {
    const tenant = harrow.tenant.id;
    const stranger = neighbour.tenant.id;
    const opening = (change: Partial<Opening>) => (said: Opening) => ({ ...said, ...change });
    const twice = { path: `keys/${stranger}.json`, content: Buffer.from("{}") };
    const cases: [words: string, code: string, forgery: Forgery][] = [
      ["a backup of everything", "damaged", { opening: opening({ kind: "data" }) }],
      ["another schema", "unsupported", { opening: (o) => ({ ...o, migrations: o.migrations.slice(1) }) }],
      ["keys of another workspace beside", "damaged", { more: [twice] }],
      [
        "keys of another workspace instead",
        "damaged",
        { file: (path, content) => ({ path: path.replace(tenant, stranger), content }) },
      ],
      [
        "keys that name another workspace",
        "damaged",
        {
          file: (path, content) => ({
            path,
            content: path.startsWith("keys/") ? replaced(content, tenant, stranger) : content,
          }),
        },
      ],
      [
        "keys that open nothing",
        "damaged",
        {
          file: (path, content) => ({
            path,
            content: path.startsWith("keys/") ? otherKeys(content) : content,
          }),
        },
      ],
      [
        "a stored file with another name",
        "damaged",
        { file: (path, content) => ({ path: path.replace(/^files.{5}/, "files/...."), content }) },
      ],
      [
        "a stored file too many",
        "damaged",
        { more: [{ path: `files/${"ab".repeat(16)}`, content: Buffer.from("x") }] },
      ],
      [
        "a file too few",
        "damaged",
        { file: (path, content) => (path.startsWith("files/") ? null : { path, content }) },
      ],
      [
        "a table that is no workspace's",
        "damaged",
        {
          opening: (o) => ({
            ...o,
            tables: o.tables.map((one) =>
              one.name === "public.share" ? { ...one, name: "public.session" } : one,
            ),
          }),
          rename: ["public.share", "public.session"],
        },
      ],
      [
        "a column that is not there",
        "damaged",
        {
          opening: (o) => ({
            ...o,
            tables: o.tables.map((one) => ({
              ...one,
              columns: [...one.columns, { name: "x", type: "text" }],
            })),
          }),
        },
      ],
      [
        "a row of another workspace",
        "damaged",
        { table: inTable("public.member", rawId(tenant), rawId(stranger)) },
      ],
      ["an operator's workspace", "damaged", { table: inTable("public.tenant", "customer", "operator") }],
      ["a workspace that is deleted", "damaged", { table: inTable("public.tenant", "active", "closed") }],
      [
        "the operator's short name",
        "taken",
        {
          opening: opening({ tenant: { id: tenant, slug: "operator" } }),
          table: inTable("directory.tenant_slug", "harrow12", "operator"),
        },
      ],
      [
        "a reference that leads nowhere",
        "damaged",
        { table: inTable("public.document", rawId(mara.id), rawId(stranger)) },
      ],
      [
        "the name of another's file",
        "damaged",
        {
          table: (name, rows) => (/document/.test(name) ? replaced(rows, file, theirFile) : rows),
          file: (path, content) => ({ path: path.replace(file, theirFile), content }),
        },
      ],
      [
        "a path for a file's name",
        "damaged",
        {
          table: (name, rows) =>
            /document/.test(name) ? replaced(rows, file, `${"../".repeat(9)}x.txt`) : rows,
        },
      ],
      [
        "an entry that was changed",
        "damaged",
        { table: inTable("audit.entry", "document.uploaded", "document.download") },
      ],
      [
        "an entry without its proof",
        "damaged",
        { file: (path, content) => (path.startsWith("audit/") ? null : { path, content }) },
      ],
    ];
    for (const [words, code, forgery] of cases) {
      await assert.rejects(bring({ archive: await forged(forgery) }), { code }, words);
      await requireNothing(words);
    }
    // Left as it is otherwise, the same tool makes an archive that is taken: what was refused was refused for its change.
    assert.deepEqual(
      await query(next.database.url("postgres"), "select count(*)::int from public.operator_tenant"),
      [[0]],
    );
  });

  test("an import that is killed leaves nothing that is found, and is begun again", async () => {
    const cut = async () => {
      throw new Error("killed");
    };
    const files = { ...next.system.files, putSealed: cut, remove: cut };
    const keyring = { ...next.system.keyring, withdraw: cut };
    // Neither can it clear up behind itself.
    const killed = () => assert.rejects(bring({ system: { ...next.system, files, keyring } }), /killed/);
    await killed();
    assert.equal(await finishAtStart(next.system), 1, "a server that starts does");
    await requireNothing("after a start");
    assert.equal(await finishAtStart(next.system), 0);
    await killed();
    assert.equal(await next.system.directory.tenantBySlug("harrow12"), null);
    assert.equal(
      next.system.keyring.has(harrow.tenant.id),
      true,
      "the keys are there, and nothing that they open",
    );
    await assert.rejects(bring({ room: 1024 }), { code: "incomplete" });
  });

  test("its documents open, are found, and its members sign in with their passwords", async () => {
    const url = next.database.url("postgres");
    const leaves = async () => Number((await query(url, "select count(*) from audit.leaf"))[0]?.[0]);
    const before = await leaves();
    const came = await bring({ slug: "moved", archive: await forged({}) });
    assert.deepEqual(
      { ...came, rows: 0 },
      { tenantId: harrow.tenant.id, slug: "moved", rows: 0, files: 1, entries: 2 },
    );
    const { system } = next;
    const ctx = jobContext(system, { tenantId: harrow.tenant.id, slug: "moved" });
    const { items } = await findPassages(ctx, mara.id, "anchorage harbour", 10);
    assert.equal(items[0]?.document.id, document);
    const keys = await system.keyring.tenant(harrow.tenant.id);
    // What is written from now on, whoever has the keys of the old place does not read.
    const cell = tenantNameCell(harrow.tenant.id);
    const sealed = keys.seal(cell, "written here");
    const theirs = await old.system.keyring.tenant(harrow.tenant.id);
    assert.throws(() => theirs.openText(cell, sealed), { code: "unreadable" });
    assert.match((await gather(await system.files.open(keys, file))).toString(), /forty guilders/);
    const { sessionId } = await unit(ctx, (inner) => startSession(inner, mara.id, "totp"));
    const asked = (permission = "chat.read"): Ctx => ({
      ...ctx,
      actor: { kind: "member", memberId: mara.id, sessionId },
      demand: { ...noDemand, permission },
    });
    const chat = (await createChat(asked())).id;
    const { answer } = await ask(asked(), chat, "What does anchorage in the inner harbour cost?");
    await assistantJobs.find(({ name }) => name === "assistant.answer")?.run(ctx, answer.id, false);
    assert.match(JSON.stringify((await readChat(asked(), chat)).messages), /forty guilders/);
    const signed = await signIn(
      {
        ...ctx,
        actor: { kind: "visitor" },
        demand: { ...noDemand, changes: true },
        origin: { ip: "127.0.0.1", userAgent: "test" },
      },
      "mara@harrow12.example",
      PASSWORD,
    );
    assert.equal(signed.state, "open");
    const events = await query(
      url,
      `select event from audit.entry join audit.place using (tenant_id, entry_id)
         where tenant_id = '${harrow.tenant.id}' order by number`,
    );
    assert.deepEqual(events.flat().slice(0, 3), ["document.uploaded", "tenant.exported", "tenant.imported"]);
    const log = await listEntries(asked("audit.read"), { limit: 50 });
    const brought = log.items.filter((one) => one.brought).map(({ event }) => event);
    assert.deepEqual(
      brought,
      ["tenant.exported", "document.uploaded"],
      "what the old place wrote is shown as its word",
    );
    const path = join(old.folder, "log.jsonl");
    const lines: string[] = [];
    for await (const line of exportLines(ctx)) lines.push(line);
    writeFileSync(path, `${lines.join("\n")}\n`);
    const { key, intact } = await publicLog(system);
    assert.equal(intact, true);
    assert.ok((await leaves()) > before);
    const verdict = spawnSync(process.execPath, ["verify/main.ts", "export", path, "--key", key], {
      encoding: "utf8",
    });
    assert.equal(verdict.status, 0, verdict.stdout + verdict.stderr);
    // The sessions and shares of the old place are not those of this one.
    assert.deepEqual(
      await query(
        next.database.url("postgres"),
        `select count(*)::int from session where tenant_id = '${harrow.tenant.id}' and session_id = '${mara.sessionId}'`,
      ),
      [[0]],
    );
    assert.equal(
      (
        await query(
          next.database.url("postgres"),
          `select slug from operator_tenant where customer_id = '${harrow.tenant.id}'`,
        )
      )[0]?.[0],
      "moved",
    );
    await assert.rejects(bring({ slug: "again" }), { code: "taken" });
    assert.equal(await finishErasures(system), 1, "what the old place had begun is done here");
    // Where it came from nothing changed, but what its log says.
    assert.equal(await old.system.directory.tenantBySlug("harrow12"), harrow.tenant.id);
  });

  test("only a customer's workspace, for somebody who can open it", async () => {
    const to = folderPlace(old.folder);
    const recipients = [next.recipient];
    await assert.rejects(exportTenant(old.system, { slug: "operator", to, recipients }), {
      code: "incomplete",
    });
    await assert.rejects(exportTenant(old.system, { slug: "nobody", to, recipients }), {
      code: "incomplete",
    });
    await assert.rejects(exportTenant(old.system, { slug: "harrow12", to, recipients: [] }), {
      code: "incomplete",
    });
    await assert.rejects(exportTenant(old.system, { slug: "harrow12", to, recipients: ["age1x"] }), {
      code: "incomplete",
    });
  });
});

const reachOf = ({ database }: BackupStand) => ({
  adminUrl: withDatabase(database.url("postgres"), "postgres"),
  database: database.database,
});

/** Other random keys in the same file: none of them opens anything of the archive. */
const otherKeys = (content: Buffer): Buffer =>
  Buffer.from(
    content.toString().replace(/"key":"[^"]{44}"/g, () => `"key":"${randomBytes(32).toString("base64")}"`),
  );

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import type { Finding } from "../../src/kernel/controls.ts";
import { foreignKeyFindings, protectionFindings, WITHOUT_TENANT } from "../../src/modules/tenancy/catalog.ts";
import { testDatabase } from "../support/postgres.ts";
import { allowed } from "./exceptions.ts";

// Each is what somebody could write into a migration, and what must then turn red.
const SLIPS: readonly (readonly [sql: string, what: RegExp])[] = [
  [
    "set role vouchsafe_migrator; create table slip (tenant_id uuid, id uuid, primary key (tenant_id, id))",
    /row security is off/,
  ],
  [
    "set role vouchsafe_migrator; create table audit.slip (id uuid primary key)",
    /does not begin with the tenant/,
  ],
  [
    "create schema slips authorization vouchsafe_migrator; set role vouchsafe_migrator; create table slips.slip (tenant_id uuid primary key)",
    /row security is off/,
  ],
  ["set role vouchsafe_migrator; create table slip (id int) partition by range (id)", /row security is off/],
  ["alter table document disable row level security", /row security is off/],
  ["alter table document no force row level security", /not forced/],
  ["drop policy tenant_isolation on chat", /policies: none/],
  ["create policy wider on chat using (true)", /policies: /],
  ["alter policy tenant_isolation on chat using (true)", /policies: /],
  ["alter policy tenant_isolation on chat with check (true)", /policies: /],
  ["create unique index slip on member (address_hash)", /unique without the tenant/],
  ["alter table mail add unique (mail_id)", /unique without the tenant/],
  ["alter table mailed_link drop constraint mailed_link_pkey", /primary key/],
  ["alter table document owner to vouchsafe_app", /owned by vouchsafe_app/],
  [
    "grant create on schema public to vouchsafe_app; set role vouchsafe_app; create table mine (n int)",
    /owned by|owns/,
  ],
  ["grant vouchsafe_migrator to vouchsafe_app", /is a member of vouchsafe_migrator/],
  ["grant vouchsafe_audit_writer to vouchsafe_jobs", /is a member of vouchsafe_audit_writer/],
  ["alter role vouchsafe_app bypassrls", /bypass row security/],
  ["alter role vouchsafe_jobs createrole", /make roles/],
  ["grant execute on function directory.newest_mails to public", /newest_mails/],
  [
    "create function kernel.slip() returns int language sql security definer return 1; revoke execute on function kernel.slip from public",
    /kernel.slip/,
  ],
  ["alter function audit.append reset all", /audit.append/],
  ["create function slip() returns int language sql return 1", /slip\(\)/],
  ["alter table chat add foreign key (owner_id) references platform.slip (id)", /does not carry the tenant/],
  [
    "alter table chat drop constraint chat_tenant_id_owner_id_fkey, add foreign key (owner_id, tenant_id) references member (member_id, tenant_id)",
    /does not carry the tenant/,
  ],
];

// Around the policies of tables: what reads or empties them as somebody else.
const DETOURS: readonly (readonly [sql: string, what: RegExp])[] = [
  ["set role vouchsafe_migrator; create view leak as select * from document", /leak/],
  ["set role vouchsafe_migrator; create materialized view leak as select * from document", /leak/],
  ["grant truncate on document to vouchsafe_app", /TRUNCATE on document/],
  ["grant trigger on document to vouchsafe_app", /TRIGGER on document/],
  ["grant select on document to public", /SELECT on document to everybody/],
  ["grant insert on audit.entry to vouchsafe_app", /INSERT on audit.entry/],
  ["grant update on audit.entry to vouchsafe_app", /UPDATE on audit.entry/],
  ["grant select on directory.tenant_slug to vouchsafe_app", /SELECT on directory.tenant_slug/],
  ["alter schema audit owner to vouchsafe_app", /schema audit/],
  ["grant create on schema kernel to vouchsafe_app", /schema kernel/],
  [
    "create schema s; create function s.leak() returns bigint language sql security definer return (select count(*) from document)",
    /schema s /,
  ],
  ["create role stranger login bypassrls", /stranger/],
];

test("what isolates tenants, read from the catalog of a migrated database", async (t) => {
  const database = await testDatabase({ after: () => {} });
  const client = new pg.Client(database.url("postgres"));
  await client.connect();
  t.after(async () => {
    await client.end();
    await database.drop();
  });
  const all = async (): Promise<Finding[]> => [
    ...(await protectionFindings(client)),
    ...(await foreignKeyFindings(client)),
  ];
  const broken = (findings: readonly Finding[]) => findings.filter((f) => f.verdict !== "held");

  await t.test("holds, for every table, role and reference", async () => {
    const findings = await all();
    assert.deepEqual(broken(findings), []);
    assert.ok(findings.filter((f) => f.what.startsWith("table ")).length > 20);
    assert.ok(findings.filter((f) => f.what.includes("FOREIGN KEY")).length > 20);
    assert.equal(findings.filter((f) => /^role vouchsafe_/.test(f.what)).length, 5);
  });

  await t.test("with its exceptions counted, each of a table that is there", async () => {
    const names = Object.keys(WITHOUT_TENANT);
    const [count, words] = allowed("without tenant", names);
    assert.equal(names.length, count, words);
    const { rows } = await client.query(
      "select name from unnest($1::text[]) name where to_regclass(name) is null",
      [names],
    );
    assert.deepEqual(rows, []);
    for (const reason of Object.values(WITHOUT_TENANT)) assert.ok(reason.length > 10);
  });

  for (const [sql, what] of [...SLIPS, ...DETOURS]) {
    await t.test(`turns red: ${sql}`, async () => {
      await client.query("begin");
      try {
        if (sql.includes("platform.slip"))
          await client.query("create table platform.slip (id uuid primary key)");
        if (sql.includes("(member_id, tenant_id)"))
          await client.query("alter table member add unique (member_id, tenant_id)");
        for (const statement of sql.split(";")) await client.query(statement);
        await client.query("reset role");
        const found = broken(await all());
        assert.ok(
          found.some((f) => what.test(`${f.what}: ${f.got}`)),
          JSON.stringify(found),
        );
      } finally {
        await client.query("rollback");
      }
    });
  }
});

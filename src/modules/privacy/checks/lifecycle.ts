import pg from "pg";
import { days } from "../../../kernel/clock.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { closingReports } from "../../tenancy/closing/report.ts";
import { expectStatus } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import { credentialsOf, forEach, knockAt, liveOperations } from "../../trust/stage/live-operations.ts";
import type { Company } from "../../trust/stage/people.ts";
import { spareCompany } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { ask, upload, waitUntilReady } from "../../trust/stage/workspace.ts";
import { purgeWorkspaces } from "../workspaces/purging.ts";
import { rowsOf } from "../workspaces/traces.ts";

const NAME = "Lantern Freight";

/** A workspace of its own closes, is kept, closes again and is deleted, with a clock that is moved. */
export async function checkLifecycle(stage: Stage): Promise<Outcome> {
  const { system } = stage.server;
  const company = await stage.founder.found(`lantern-${Date.now().toString(36)}`, NAME, "Wren Ashby");
  const owner = company.owner.client;
  const [document] = await upload(owner, [
    { name: "Freight.txt", bytes: Buffer.from("Twelve crates of lamps.") },
  ]);
  await waitUntilReady(owner, [document?.id ?? ""]);
  await ask(owner, "How many crates?");
  const findings: Finding[] = [];
  const say = (held: boolean, what: string, got: string, who = "an owner") =>
    findings.push(finding(held, what, who, got));

  const wrong = await owner.call("POST", "tenant/closing", { body: { name: "Another name" } });
  say(wrong.status === 422, "closing, by another name", String(wrong.status));
  expectStatus(await owner.call("POST", "tenant/closing", { body: { name: NAME } }), 200, "closing");
  findings.push(...(await readOnly(stage, company)));

  // The application's clock, ten years ahead, moves nothing; the day that the database has kept is put back.
  await purgeWorkspaces({ ...system, clock: () => new Date(system.clock().getTime() + days(3650)) });
  await closedBefore(stage, company.id, 29);
  await purgeWorkspaces(system);
  const still = await owner.call("GET", `documents/${document?.id}`);
  say(still.status === 200, "what is there on day 29", String(still.status));
  const kept = await owner.call("DELETE", "tenant/closing");
  const renamed = await owner.call("PATCH", "tenant", { body: { name: NAME } });
  say(
    kept.status === 204 && renamed.status === 200,
    "keeping it, and changing something",
    `${kept.status}, ${renamed.status}`,
  );
  await purgeWorkspaces(system);
  const safe = await owner.call("GET", `documents/${document?.id}`);
  say(safe.status === 200, "a workspace that was kept", String(safe.status));

  expectStatus(await owner.call("POST", "tenant/closing", { body: { name: NAME } }), 200, "closing again");
  const files = await filesOf(stage, company.id);
  findings.push(...(await purgedByItself(stage, company.id)));
  await closedBefore(stage, company.id, 31);
  await purgeWorkspaces(system);
  findings.push(...(await nothingLeft(stage, company, files)));
  const report = (await closingReports(system)).find(({ slug, keptAt }) => slug === company.slug && !keptAt);
  const day = report?.doneAt ? (Date.parse(report.doneAt) - Date.parse(report.closedAt)) / days(1) : null;
  say(
    day !== null && day >= 30 && day < 120,
    "the end of the deletion",
    day === null ? "not ended" : `day ${Math.round(day)}`,
    "the report",
  );
  return outcomeOf(
    findings,
    `${findings.length} looks at a workspace that closes, is kept and is deleted, with a moved clock`,
  );
}

/** Every route that changes something, from what the server is really mounted with, refuses; and nothing has changed. */
async function readOnly(stage: Stage, company: Company): Promise<Finding[]> {
  const owner = company.owner.client;
  const operations = (await liveOperations(stage)).filter(
    ({ method }) => method !== "GET" && method !== "HEAD",
  );
  const before = await contentOf(stage, company.id);
  const headers = credentialsOf(owner);
  const findings = await forEach(operations, async (operation) => {
    const route = stage.server.routes.find((r) => r.method === operation.method && r.url === operation.url);
    if (!route) return finding(false, operation.name, "an owner", "mounted, and in no table");
    if (!route.demand.changes) return finding(true, operation.name, "declared", "done while closing, too");
    const got = await knockAt(stage, company.slug, operation, headers);
    // What an owner of a customer's workspace may not at all is no change that slipped through.
    const refused = got.code === "closing" || got.outside;
    return finding(refused, operation.name, "an owner", `${got.status} ${got.code ?? ""}`);
  });
  const after = await contentOf(stage, company.id);
  findings.push(
    finding(
      before === after,
      "rows, before and after these calls",
      "the database",
      before === after ? "the same" : "changed",
    ),
  );
  // The positive control: in a workspace that is open the same session's call changes something.
  const spare = await spareCompany(stage);
  const open = await spare.owner.client.call("PATCH", "tenant", { body: { name: spare.name } });
  findings.push(
    finding(open.status === 200, "PATCH /tenant in an open workspace", "an owner", String(open.status)),
  );
  for (const path of ["tenant", "documents", "chats", "tenant/closing"]) {
    const { status } = await owner.call("GET", path);
    findings.push(finding(status === 200, `GET /${path}`, "an owner", String(status)));
  }
  return findings;
}

/** All rows of a workspace as one hash, without what reading itself writes: sessions' activity, log entries. */
async function contentOf(stage: Stage, tenantId: string): Promise<string> {
  return superuser(stage, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relkind = 'r' and n.nspname = 'public' and c.relname <> 'session' order by 1`,
    );
    const hashes: string[] = [];
    for (const { name } of rows) {
      const { rows: found } = await client.query<{ hash: string }>(
        `select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as hash from ${name} t where tenant_id = $1`,
        [tenantId],
      );
      hashes.push(`${name} ${found[0]?.hash}`);
    }
    return hashes.join("\n");
  });
}

/** As if a closing workspace had been closed so many days ago. */
async function closedBefore(stage: Stage, tenantId: string, n: number): Promise<void> {
  await superuser(stage, async (client) => {
    for (const statement of [
      "update tenant set closing_at = now() - $2 * interval '1 day', purge_after = now() - ($2 - 30) * interval '1 day' where tenant_id = $1",
      "update platform.closing set closed_at = now() - $2 * interval '1 day', purge_after = now() - ($2 - 30) * interval '1 day' where tenant_id = $1 and kept_at is null",
    ])
      await client.query(statement, [tenantId, n]);
  });
}

/** What an application that was taken over tries, to delete a workspace at once or to write its report itself. */
async function purgedByItself(stage: Stage, tenantId: string): Promise<Finding[]> {
  const began = await superuser(stage, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "select count(*)::int as n from audit.entry where tenant_id = $1 and event = 'closing.began'",
      [tenantId],
    );
    return rows[0]?.n;
  });
  const findings = [
    finding(began === 2, "entries of the database's own, of two closings", "the log", String(began)),
  ];
  for (const statement of [
    "update tenant set state = 'purging'",
    "update tenant set closing_at = now() - interval '31 days', purge_after = now()",
    "insert into tenant (tenant_id, kind, name, state) values (gen_random_uuid(), 'customer', '', 'closing')",
    "update platform.closing set purge_after = now()",
    "insert into platform.closing_step values (gen_random_uuid(), 'rows', 'finished', 0, now())",
    `select 1 / directory.begin_purge('${tenantId}')::int`,
    `select directory.purge_rows('${tenantId}', 100)`,
    `select directory.end_tenant('${tenantId}')`,
    "create or replace function kernel.moment() returns timestamptz language sql return now() + interval '9 years'",
  ])
    await stage.sql("vouchsafe_app", async (client) => {
      await client.query("select set_config('vouchsafe.tenant', $1, true)", [tenantId]);
      const got = await client.query(statement).then(
        ({ rowCount }) => `${rowCount} rows`,
        (error: Error) => error.message,
      );
      findings.push(finding(!/^\d+ rows$/.test(got), statement, "the application's role", got));
    });
  return findings;
}

async function filesOf(stage: Stage, tenantId: string): Promise<string[]> {
  return superuser(stage, async (client) => {
    const { rows } = await client.query<{ file: string }>(
      "select file from document_version where tenant_id = $1",
      [tenantId],
    );
    return rows.map(({ file }) => file);
  });
}

/** In no table, as the catalog knows them, the queue's among them; no file, no keys, no way in; the log verifies. */
async function nothingLeft(stage: Stage, company: Company, files: readonly string[]): Promise<Finding[]> {
  const { system } = stage.server;
  const left = await superuser(stage, (client) => rowsOf(client, company.id));
  const others = await superuser(stage, (client) => rowsOf(client, stage.a.id));
  const places = Object.entries(left).map(([table, n]) => `${table}: ${n}`);
  const stored = await Promise.all(files.map((file) => system.files.exists(file)));
  const keys = await system.keyring.tenant(company.id).then(
    () => "there",
    () => "destroyed",
  );
  const again = await company.owner.client.call("GET", "tenant");
  const log = await fetch(`${stage.server.url}/api/security/checkpoint`).then(
    (answer) => answer.json() as Promise<{ intact?: boolean }>,
  );
  return [
    finding(
      Object.keys(others).length > 5,
      "the look itself, at a workspace that is there",
      "the catalog",
      `${Object.keys(others).length} tables`,
    ),
    finding(places.length === 0, "rows, on day 31", "the catalog", places.join(", ") || "none in any table"),
    finding(
      files.length > 0 && !stored.includes(true),
      "stored files",
      "the file store",
      `${stored.filter(Boolean).length} of ${files.length}`,
    ),
    finding(keys === "destroyed", "its keys", "the key store", keys),
    finding(again.status === 401, "a session of before", "an owner", String(again.status)),
    finding(log.intact === true, "the audit log's tree", "its public state", String(log.intact)),
  ];
}

async function superuser<T>(stage: Stage, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(stage.server.databaseUrl("postgres"));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { finding } from "../../../trust/stage/finding.ts";
import { signInAgain } from "../../../trust/stage/people.ts";
import type { DatabaseLogin, Stage } from "../../../trust/stage/stage.ts";

/** As each role of the database: everything that would change, remove, forge or switch off an entry is refused. */
export async function checkAppendOnly(stage: Stage): Promise<Outcome> {
  const findings: Finding[] = [];
  await stage.sql("vouchsafe_app", async (client) => {
    const subject = await enterAsOwner(stage, client);
    for (const sql of FORBIDDEN_TO_THE_APPLICATION)
      findings.push(await refused(client, "the application", sql, subject));
    findings.push(...(await forgeries(stage, client)));
  });
  const subject = [stage.a.id];
  const asRole = async (
    role: DatabaseLogin,
    who: string,
    allowed: readonly string[],
    forbidden: readonly string[],
  ) =>
    stage.sql(role, async (client) => {
      await client.query("select set_config('vouchsafe.tenant', $1, true)", subject);
      for (const sql of allowed) findings.push(await works(client, who, sql, [stage.a.id]));
      for (const sql of forbidden) findings.push(await refused(client, who, sql, [stage.a.id]));
    });
  await asRole("vouchsafe_audit_writer", "the role that writes", [INSERT], FORBIDDEN_TO_THE_WRITER);
  await asRole(
    "vouchsafe_audit_eraser",
    "the role that erases",
    ["update audit.entry set content = null where tenant_id = $1"],
    FORBIDDEN_TO_THE_ERASER,
  );
  await asRole("vouchsafe_backup", "the role that backs up", [], CHANGES);
  await asRole(
    "vouchsafe_jobs",
    "the queue's role",
    [],
    ["select from audit.entry where tenant_id = $1", ...CHANGES],
  );
  return outcomeOf(findings, `${findings.length} statements as five roles of the database`);
}

// Parameters: $1 tenant, where a statement has one; $2 entry.
const INSERT =
  "insert into audit.entry (tenant_id, entry_id, at, actor_kind, event, resource_type, outcome) values ($1, gen_random_uuid(), now(), 'job', 'probe.made', 'probe', 'done')";
const FOREIGN_INSERT = INSERT.replace("$1", "gen_random_uuid()");
const CHANGES = [
  "update audit.entry set event = 'other' where tenant_id = $1",
  "update audit.entry set content = null where tenant_id = $1",
  "update audit.entry set at = now() - interval '1 year' where tenant_id = $1",
  "delete from audit.entry where tenant_id = $1",
  "truncate audit.entry",
  INSERT,
] as const;
const SWITCHES = [
  "alter table audit.entry disable row level security",
  "alter table audit.entry no force row level security",
  "alter table audit.entry disable trigger all",
  "alter table audit.entry drop column content",
  "alter table audit.entry rename to other",
  "drop table audit.entry",
  "drop schema audit cascade",
  "drop policy tenant_isolation on audit.entry",
  "create policy open on audit.entry using (true)",
  "create rule quiet as on insert to audit.entry do instead nothing",
  "create trigger quiet before insert on audit.entry for each row execute function suppress_redundant_updates_trigger()",
  "set session_replication_role = 'replica'",
] as const;
const FORBIDDEN_TO_THE_APPLICATION = [
  ...CHANGES,
  ...SWITCHES,
  "merge into audit.entry e using (select $1::uuid as id) t on e.tenant_id = t.id when matched then delete",
  "select from audit.entry where tenant_id = $1 for update",
  "lock table audit.entry in exclusive mode",
  "delete from tenant where tenant_id = $1",
  "drop function audit.append",
  "create or replace function audit.append(uuid, text, text, uuid, text, bytea, bytea) returns void language sql as 'select'",
  "alter function audit.append security invoker",
  "alter function kernel.current_tenant() rename to other",
  "set role vouchsafe_audit_writer",
  "set role vouchsafe_audit_eraser",
  "set role vouchsafe_migrator",
  "set role postgres",
  "set session authorization postgres",
  // Granting what one may not grant is only a warning, and grants nothing: the update after it tells.
  "grant update on audit.entry to vouchsafe_app; update audit.entry set event = 'other'",
  "grant vouchsafe_audit_eraser to vouchsafe_app",
  "alter role vouchsafe_app bypassrls",
] as const;
const FORBIDDEN_TO_THE_WRITER = [
  ...CHANGES.filter((sql) => sql !== INSERT),
  ...SWITCHES,
  "select event from audit.entry where tenant_id = $1",
  FOREIGN_INSERT,
] as const;
const FORBIDDEN_TO_THE_ERASER = [
  ...CHANGES.filter((sql) => !sql.includes("set content")),
  ...SWITCHES,
  "update audit.entry set content = '\\x00' where tenant_id = $1",
  "select content from audit.entry where tenant_id = $1",
  "select event from audit.entry where tenant_id = $1",
] as const;

const REFUSALS = ["42501", "42809"];

async function refused(
  client: pg.Client,
  who: string,
  sql: string,
  subject: readonly string[],
): Promise<Finding> {
  const got = await attempt(client, sql, subject);
  return finding(REFUSALS.includes(got), sql.slice(0, 90), who, got === "done" ? "done" : `refused (${got})`);
}

/** Without it, a refusal could come from anything: what the role is there for does work. */
async function works(
  client: pg.Client,
  who: string,
  sql: string,
  subject: readonly string[],
): Promise<Finding> {
  const got = await attempt(client, sql, subject);
  return finding(got === "done", sql.slice(0, 90), who, got);
}

async function attempt(client: pg.Client, sql: string, subject: readonly string[]): Promise<string> {
  await client.query("savepoint attempt");
  const parameters = sql.includes("$1") ? [...subject].slice(0, 1) : [];
  const got = await client.query(sql, parameters).then(
    ({ rowCount }) => (sql.startsWith("update") && rowCount === 0 ? "no row" : "done"),
    (error: { code?: string }) => error.code ?? "an error",
  );
  await client.query("rollback to savepoint attempt");
  return got;
}

async function enterAsOwner(stage: Stage, client: pg.Client): Promise<[string]> {
  const session = await sessionOf(stage.a.owner.client);
  await client.query("select kernel.enter($1, $2, now(), false)", [stage.a.id, session]);
  return [stage.a.id];
}

async function sessionOf(client: Stage["a"]["owner"]["client"]): Promise<string> {
  const { json } = await client.call("GET", "sessions");
  return json.items.find((s: { current: boolean }) => s.current).id;
}

const APPEND = "select audit.append($1, 'probe.made', 'probe', null, 'done', null, null)";
const LATEST_MS = 5000;

/** The one way in sets tenant, person, role and time itself, whatever the application says of them. */
async function forgeries(stage: Stage, client: pg.Client): Promise<Finding[]> {
  const { a, b } = stage;
  const [mine, theirs] = [await sessionOf(a.owner.client), await sessionOf(b.owner.client)];
  const leaving = await signInAgain(a.owner);
  const ended = await sessionOf(leaving.client);
  await leaving.client.call("DELETE", "session");
  const set = (tenant: string, session: string, actor = ""): [string, string][] => [
    ["vouchsafe.tenant", tenant],
    ["vouchsafe.session", session],
    ["vouchsafe.actor", actor],
  ];
  const impossible: [string, [string, string][]][] = [
    ["another workspace, with a session of one's own", set(b.id, mine)],
    ["a session of another workspace", set(a.id, theirs)],
    ["a session that is made up", set(a.id, randomUUID())],
    ["a session that has ended", set(a.id, ended)],
    ["a member without a session", set(a.id, "", "member")],
    ["an actor that there is not", set(a.id, "", "superuser")],
    ["no workspace", set("", "")],
  ];
  const findings: Finding[] = [];
  for (const [what, settings] of impossible) {
    const { code } = await append(client, settings);
    findings.push(
      finding(
        code !== null && code !== "42883",
        `append: ${what}`,
        "the application",
        code ? `refused (${code})` : "an entry was made",
      ),
    );
  }
  findings.push(...(await settled(stage, client, "append", set(a.id, mine))));
  findings.push(...(await settled(stage, client, "append, claiming to be a job", set(a.id, mine, "job"))));
  // Functions and tables of the caller's own, by the names that the way in uses.
  const shadows = [
    "create function pg_temp.clock_timestamp() returns timestamptz language sql as $$select '2001-01-01'::timestamptz$$",
    "create temp table member (tenant_id uuid, member_id uuid, role text)",
    "create temp table session (tenant_id uuid, session_id uuid, member_id uuid)",
    "set local search_path = pg_temp, public",
    "set local timezone = 'Pacific/Kiritimati'",
  ];
  findings.push(
    ...(await settled(stage, client, "append, with shadows of what it uses", set(a.id, mine), shadows)),
  );
  return findings;
}

async function settled(
  stage: Stage,
  client: pg.Client,
  what: string,
  settings: [string, string][],
  first: readonly string[] = [],
): Promise<Finding[]> {
  const { code, row } = await append(client, settings, first);
  const { owner, id } = stage.a;
  const right =
    row?.tenant_id === id &&
    row.actor_kind === "member" &&
    row.actor_id === owner.id &&
    row.role === owner.role &&
    Math.abs(Date.now() - row.at.getTime()) < LATEST_MS;
  return [
    finding(
      // Whoever may not make shadows cannot be deceived by them.
      right === true || (first.length > 0 && code === "42501"),
      what,
      "the application, in a session",
      code ?? "workspace, person, role and time are the database's",
    ),
  ];
}

interface Row {
  tenant_id: string;
  actor_kind: string;
  actor_id: string | null;
  role: string | null;
  at: Date;
}

async function append(
  client: pg.Client,
  settings: readonly [string, string][],
  first: readonly string[] = [],
): Promise<{ code: string | null; row?: Row }> {
  await client.query("savepoint forging");
  try {
    for (const [name, value] of settings)
      await client.query("select set_config($1, $2, true)", [name, value]);
    for (const sql of first) await client.query(sql);
    const id = randomUUID();
    await client.query(APPEND, [id]);
    const { rows } = await client.query<Row>(
      "select tenant_id, actor_kind, actor_id, role, at from audit.entry where entry_id = $1",
      [id],
    );
    return { code: null, ...(rows[0] ? { row: rows[0] } : {}) };
  } catch (error) {
    return { code: (error as { code?: string }).code ?? "an error" };
  } finally {
    await client.query("rollback to savepoint forging");
  }
}

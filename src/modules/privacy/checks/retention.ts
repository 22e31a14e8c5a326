import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { purgeOld } from "../retention/purging.ts";
import { elsewhere, keptBecause, noSubjectYet, wordsOf } from "../retention/timers.ts";

/** Each timer, a moment before and after its time; every table has one or a reason; and the log's content. */
export async function checkRetention(stage: Stage): Promise<Outcome> {
  const findings = [
    ...(await timersFindings(stage)),
    ...(await tablesFindings(stage)),
    ...(await contentFindings(stage)),
  ];
  const gone = await purgeOld(stage.server.system);
  findings.push(
    finding(
      gone !== null && Object.keys(gone).length > 15,
      "the daily purge",
      "the server",
      `${Object.keys(gone ?? {}).length} timers counted`,
    ),
  );
  const waiting = noSubjectYet.map(({ words }) => words.toLowerCase()).join("; ");
  return outcomeOf(
    findings,
    `${findings.length} looks at timers, tables and the log. Nothing to empty yet: ${waiting}`,
  );
}

interface Timer {
  readonly timer: string;
  readonly relation: string;
  readonly since: string;
  readonly keeps: string;
}

/** With the rows that are there, at the clock's time and at times to come; in a transaction that is rolled back. */
async function timersFindings(stage: Stage): Promise<Finding[]> {
  const findings: Finding[] = [];
  await stage.sql("postgres", async (client) => {
    const { rows: timers } = await client.query<Timer>(
      "select timer, relation, since, keeps::text as keeps from platform.retention order by place",
    );
    for (const { timer, relation, since, keeps } of timers) {
      const { rows } = await client.query<{ n: number; first: Date | null; last: Date | null }>(
        `select count(*)::int as n, min(${since}) as first, max(${since}) as last from ${relation} r where ${since} is not null`,
      );
      const [found] = rows;
      if (!found?.first || !found.last) continue;
      const purge = async (edge: Date, sign: "-" | "+") => {
        const { rows: answer } = await client.query<{ gone: string }>(
          `select directory.purge_older($1, $2::timestamptz + $3::interval ${sign} interval '1 second', 100000) as gone`,
          [timer, edge, keeps],
        );
        return Number(answer[0]?.gone);
      };
      await client.query("set local role vouchsafe_app");
      const before = await purge(found.first, "-");
      const after = await purge(found.last, "+");
      await client.query("reset role");
      findings.push(
        finding(
          before === 0,
          `${wordsOf[timer]}, a second too early`,
          "the purge",
          `${before} of ${found.n} gone`,
        ),
      );
      findings.push(
        finding(
          after > 0 && after <= found.n,
          `${wordsOf[timer]}, after ${keeps}`,
          "the purge",
          `${after} of ${found.n} gone`,
        ),
      );
    }
  });
  return findings;
}

async function tablesFindings(stage: Stage): Promise<Finding[]> {
  const findings: Finding[] = [];
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname as name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname in ('public', 'audit', 'platform', 'directory') order by 1`,
    );
    const { rows: timed } = await client.query<{ name: string }>(
      "select regexp_replace(relation, '^public\\.', '') as name from platform.retention",
    );
    const known = new Set([...timed.map(({ name }) => name), ...elsewhere.flatMap(({ tables }) => tables)]);
    for (const { name } of rows) {
      const reason = keptBecause[name];
      findings.push(
        finding(
          known.has(name) || reason !== undefined,
          `table ${name}`,
          "the catalog",
          reason ?? (known.has(name) ? "has a timer" : "has neither timer nor reason"),
        ),
      );
    }
  });
  return findings;
}

/** What is two years old may be emptied by the application, through the one function that does it; nothing younger. */
async function contentFindings(stage: Stage): Promise<Finding[]> {
  const findings: Finding[] = [];
  await stage.sql("postgres", async (client) => {
    await client.query("select set_config('vouchsafe.tenant', $1, true)", [stage.a.id]);
    const old = await entryOf(client, stage.a.id, "731 days");
    const young = await entryOf(client, stage.a.id, "729 days");
    await client.query("set local role vouchsafe_app");
    const { rows } = await client.query<{ entry_id: string }>(
      "select entry_id from audit.unerased(null, now() - interval '730 days', 100000)",
    );
    const listed = rows.map(({ entry_id }) => entry_id);
    findings.push(
      finding(
        listed.includes(old) && !listed.includes(young),
        "content of log entries whose time is over",
        "the purge",
        `${listed.length} found`,
      ),
    );
    const { rows: gone } = await client.query<{ n: string }>("select audit.erase($1::uuid[]) as n", [
      [old, young],
    ]);
    findings.push(
      finding(
        gone[0]?.n === "1",
        "emptying an old and a younger one",
        "the application",
        `${gone[0]?.n} emptied`,
      ),
    );
    const ahead = await client.query<{ n: string }>(
      "select audit.erase(array(select entry_id from audit.entry where tenant_id = $1)) as n",
      [stage.a.id],
    );
    findings.push(
      finding(
        ahead.rows[0]?.n === "1",
        "emptying all of a workspace that goes on",
        "the application",
        `${ahead.rows[0]?.n} emptied: the old one again`,
      ),
    );
  });
  return findings;
}

async function entryOf(client: pg.Client, tenantId: string, age: string): Promise<string> {
  const id = randomUUID();
  await client.query(
    `insert into audit.entry (tenant_id, entry_id, at, actor_kind, event, resource_type, outcome, content)
       values ($1, $2, now() - $3::interval, 'job', 'probe.made', 'probe', 'done', '\\x00')`,
    [tenantId, id, age],
  );
  return id;
}

import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { purgeOld } from "../retention/purging.ts";
import { elsewhere, keptBecause, noSubjectYet, wordsOf } from "../retention/timers.ts";
import { erasedAgainFindings } from "./erased-again.ts";

/** Each timer, a moment before and after its time; every table has one or a reason; and the log's content. */
export async function checkRetention(stage: Stage): Promise<Outcome> {
  const findings = [
    ...(await timersFindings(stage)),
    ...(await tablesFindings(stage)),
    ...(await contentFindings(stage)),
    ...(await licenceFindings(stage)),
    ...(await callerFindings(stage)),
    ...(await erasedAgainFindings(stage)),
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
        // The database's clock is moved by another function in its place, which its owner only can put there.
        await client.query(
          `create or replace function kernel.moment() returns timestamptz language sql volatile
             set search_path = pg_catalog, pg_temp
             return '${edge.toISOString()}'::timestamptz + interval '${keeps}' ${sign} interval '1 second'`,
        );
        await client.query("set local role vouchsafe_app");
        const { rows: answer } = await client.query<{ gone: string }>(
          "select directory.purge_older($1, 100000) as gone",
          [timer],
        );
        await client.query("reset role");
        return Number(answer[0]?.gone);
      };
      const before = await purge(found.first, "-");
      const after = await purge(found.last, "+");
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

/**
 * What an application that was taken over gets by erasing somebody: the entries of that person, others' one by one and by
 * name, and in the log for ever that it began. Not a licence that it writes itself, nor its own clock.
 */
async function licenceFindings(stage: Stage): Promise<Finding[]> {
  const findings: Finding[] = [];
  await stage.sql("postgres", async (client) => {
    const tenant = stage.a.id;
    const { rows: sessions } = await client.query<{ session_id: string; member_id: string }>(
      "select session_id, member_id from session where tenant_id = $1 and ended_at is null limit 1",
      [tenant],
    );
    const { session_id: session, member_id: boss } = sessions[0] ?? {};
    const [gone, id] = [randomUUID(), randomUUID()];
    await client.query(
      `insert into member select (jsonb_populate_record(m, jsonb_build_object('member_id', $2::uuid, 'status', 'removed',
           'address_hash', null))).* from member m where tenant_id = $1 and member_id = $3`,
      [tenant, gone, boss],
    );
    await entryOf(client, tenant, "1 day", gone);
    const others = await entryOf(client, tenant, "1 day");
    await client.query("insert into platform.kept_by_law values ($1, $2, 'invoice', now(), '\\x01')", [
      randomUUID(),
      tenant,
    ]);
    await client.query(
      "select set_config('vouchsafe.tenant', $1, true), set_config('vouchsafe.session', $2, true)",
      [tenant, session],
    );
    await client.query("set local role vouchsafe_app");
    const tries = async (
      words: string,
      held: (got: string) => boolean,
      statement: string,
      values: unknown[] = [],
    ) => {
      await client.query("savepoint tried");
      let got: string;
      try {
        const { rows } = await client.query(statement, values);
        got = String(Object.values(rows[0] ?? { none: "done" })[0]);
        await client.query("release tried");
      } catch (error) {
        got = error instanceof Error ? `refused: ${error.message}` : "refused";
        await client.query("rollback to tried");
      }
      findings.push(finding(held(got), words, "the application", got));
    };
    const refused = (got: string) => got.startsWith("refused: ");
    await tries(
      "an erasure that it writes itself",
      refused,
      `insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, created_at, spoken, state)
         values ($1, $2, $3, $4, 'deleted', now() - interval '99 days', '\\x01', 'working')`,
      [tenant, id, gone, boss],
    );
    const begin = "select kernel.begin_erasure($1, $2, 'deleted', null, '\\x01')";
    await tries("erasing who is a member", refused, begin, [id, boss]);
    const older = "select directory.purge_older('kept-by-law',";
    await tries("a clock of its own", refused, `${older} now() + interval '8 years', 10)`);
    await tries("an invoice of today", (got) => got === "0", `${older} 10)`);
    await tries("erasing who was removed", (got) => !refused(got), begin, [id, gone]);
    await tries("an erasure's time and state", refused, "update erasure set created_at = now()");
    await tries(
      "all entries of two years, with that: what was done by whom, or to whom, is erased",
      (got) => got === "2",
      `select audit.erase(array(select entry_id from audit.entry
         where tenant_id = $1 and at > now() - interval '729 days' and resource_type <> 'tenant'))`,
      [tenant],
    );
    await tries(
      "one of another's, with that",
      (got) => got === "1",
      "select audit.erase_named($1, array[$2]::uuid[])",
      [id, others],
    );
    await tries(
      "what the log says of it for ever",
      (got) => got === "entry.emptied erasure.began",
      `select string_agg(event, ' ' order by event) from audit.entry
         where tenant_id = $1 and resource_id in ($2, $3) and actor_id = $4`,
      [tenant, gone, others, boss],
    );
  });
  return findings;
}

/** Emptying entries is the application's alone: whoever only reads, or only appends, may not call it. */
async function callerFindings(stage: Stage): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const role of ["backup", "audit_writer", "audit_sequencer", "jobs", "public"])
    await stage.sql("postgres", async (client) => {
      await client.query("select set_config('vouchsafe.tenant', $1, true)", [stage.a.id]);
      await client.query(`set local role vouchsafe_${role}`);
      const got = await client.query("select audit.erase('{}')").then(
        () => "called",
        (error: Error) => error.message,
      );
      findings.push(finding(got !== "called", "emptying log entries", `vouchsafe_${role}`, got));
    });
  return findings;
}

async function entryOf(
  client: pg.Client,
  tenantId: string,
  age: string,
  actor: string | null = null,
): Promise<string> {
  const id = randomUUID();
  await client.query(
    `insert into audit.entry (tenant_id, entry_id, at, actor_kind, actor_id, event, resource_type, outcome, content)
       values ($1, $2, now() - $3::interval, 'job', $4, 'probe.made', 'probe', 'done', '\\x00')`,
    [tenantId, id, age, actor],
  );
  return id;
}

import { sql } from "kysely";
import type { Finding } from "../../../kernel/controls.ts";
import { read } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { finding } from "../stage/finding.ts";
import type { Cast, Stage } from "../stage/stage.ts";

// What a job is begun with is sealed with the keys of one company, so that a job with another's reads nothing of it,
// whatever the database gives out. This looks at the database alone.

/** A job that names no tenant in its statements has rows of its own company from every table, and of no other. */
export async function jobReads(stage: Stage): Promise<Finding[]> {
  const tables = await tablesOfTenants(stage);
  const findings: Finding[] = [];
  for (const [company, other] of [
    [stage.a, stage.b],
    [stage.b, stage.a],
  ] as const) {
    const counts = await countsOf(stage, company, tables);
    const foreign = counts
      .filter(({ others }) => others > 0)
      .map(({ table, others }) => `${others} of ${table}`);
    findings.push(
      finding(
        foreign.length === 0,
        `what a job reads in ${tables.length} tables`,
        `in the name of ${company.name}`,
        foreign.join(", ") || `none of ${other.name}`,
      ),
      // Without rows of its own there it would see none of others' either.
      ...USED_BY_JOBS.map((name) => {
        const own = counts.find(({ table }) => table === name)?.own ?? 0;
        return finding(
          own > 0,
          `what a job reads in ${name}`,
          `in the name of ${company.name}`,
          `${own} of its own`,
        );
      }),
    );
  }
  return findings;
}

const USED_BY_JOBS = ["mail", "message", "document", "document_version"];

async function tablesOfTenants(stage: Stage): Promise<string[]> {
  const names: string[] = [];
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname in ('public', 'audit')
           and has_table_privilege('vouchsafe_app', c.oid, 'select') order by 1`,
    );
    names.push(...rows.map(({ name }) => name));
  });
  return names;
}

async function countsOf({ server }: Stage, { id, slug }: Cast, tables: readonly string[]) {
  const ctx = jobContext(server.system, { tenantId: id, slug });
  const rows = await read(
    ctx,
    ...tables.map(
      (table) => sql<{ own: string; others: string }>`select count(*) filter (where tenant_id = ${id}) as own,
        count(*) filter (where tenant_id <> ${id}) as others from ${sql.table(table)}`,
    ),
  );
  return tables.map((table, i) => ({
    table,
    own: Number(rows[i]?.[0]?.own ?? 0),
    others: Number(rows[i]?.[0]?.others ?? 0),
  }));
}

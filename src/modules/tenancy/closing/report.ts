import type { System } from "../../../kernel/system.ts";

/** A closing as the operator sees it: dates and counts, no content. */
export interface ClosingReport {
  readonly id: string;
  readonly slug: string;
  readonly closedBy: "owner" | "operator";
  readonly closedAt: string;
  readonly until: string;
  readonly keptAt: string | null;
  readonly doneAt: string | null;
  readonly gone: { readonly step: string; readonly what: string; readonly count: number }[];
}

/** Closings of this installation, newest first. */
export async function closingReports(system: System): Promise<ClosingReport[]> {
  const { rows } = await system.pool.query<{
    closing_id: string;
    slug: string;
    closed_by: "owner" | "operator";
    closed_at: Date;
    purge_after: Date;
    kept_at: Date | null;
    done_at: Date | null;
    gone: { step: string; what: string; count: number }[];
  }>(
    `select c.closing_id, c.slug, c.closed_by, c.closed_at, c.purge_after, c.kept_at, c.done_at,
            coalesce((select json_agg(json_build_object('step', s.step, 'what', s.what, 'count', s.gone) order by s.at, s.what)
                        from platform.closing_step s where s.closing_id = c.closing_id and s.what <> 'finished'), '[]') as gone
       from platform.closing c order by c.closed_at desc, c.closing_id desc limit 500`,
  );
  return rows.map((row) => ({
    id: row.closing_id,
    slug: row.slug,
    closedBy: row.closed_by,
    closedAt: row.closed_at.toISOString(),
    until: row.purge_after.toISOString(),
    keptAt: row.kept_at?.toISOString() ?? null,
    doneAt: row.done_at?.toISOString() ?? null,
    gone: row.gone,
  }));
}

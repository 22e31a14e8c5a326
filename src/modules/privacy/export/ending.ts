import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";

/** Removes an export's rows with the open unit of work, and its files once that has committed. */
export async function removeExport(ctx: Ctx, id: string): Promise<void> {
  const { files, log } = ctx.system;
  const [parts] = await read(ctx, db.selectFrom("export_part").select("file").where("export_id", "=", id));
  await write(ctx, db.deleteFrom("export").where("export_id", "=", id));
  // What a crash leaves here the daily sweep finds: no row names it any more.
  ctx.tx?.afterCommit.push(() => {
    for (const { file } of parts)
      files.remove(file).catch((error: unknown) => log.warn({ err: error }, "a file of an export is left"));
  });
}

/** Removes every export whose time is over; answers how many. */
export async function endExports(system: System): Promise<number> {
  const { rows } = await system.pool.query<{ tenant_id: string; export_id: string }>(
    "select * from directory.exports_to_end($1)",
    [system.clock()],
  );
  for (const { tenant_id: tenantId, export_id } of rows)
    await unit(jobContext(system, { tenantId, slug: "" }), (ctx) => removeExport(ctx, export_id));
  return rows.length;
}

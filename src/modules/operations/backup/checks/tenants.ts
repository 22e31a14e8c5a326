import { randomBytes } from "node:crypto";
import pg from "pg";
import { type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { withDatabase } from "../../../../kernel/database/migrate.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { upload, waitUntilReady } from "../../../trust/stage/workspace.ts";
import { choose } from "../choosing.ts";
import { folderPlace } from "../places.ts";
import { backUp } from "../service.ts";
import { restoreTenant } from "../tenant-restore.ts";
import { withBackups } from "./backups-of-stage.ts";

/** A workspace loses its rows and a file after a backup; it is set back, and every other row of the database stays. */
export function checkTenantRestore(stage: Stage): Promise<Outcome> {
  return withBackups(stage, async ({ system, folder, identity }) => {
    // One of its own: a restore ends all its sessions, and other checks go on with those of theirs.
    const name = "Anchorage and Daughters";
    const company = await stage.founder.found(
      `anchorage-${randomBytes(4).toString("hex")}`,
      name,
      "Ana Chorage",
    );
    const { client: owner } = company.owner;
    const uploaded = await upload(owner, [
      { name: "Rates.md", bytes: Buffer.from("# Rates\n\nAnchorage is 40 a day.\n") },
    ]);
    await waitUntilReady(
      owner,
      uploaded.map(({ id }) => id),
    );
    const adminUrl = withDatabase(stage.server.databaseUrl("postgres"), "postgres");
    const database = decodeURIComponent(
      /^\w+:\/\/[^/]*\/([^?]*)/.exec(stage.server.databaseUrl("postgres"))?.[1] ?? "",
    );
    const scratch = `scratch_${randomBytes(5).toString("hex")}`;
    const server = new pg.Client(adminUrl);
    const client = new pg.Client(stage.server.databaseUrl("postgres"));
    await Promise.all([server.connect(), client.connect()]);
    try {
      await server.query(`create database ${scratch} template template0`);
      await backUp(system, "operator");
      const others = () => sumOf(client, company.id, false);
      const then = await sumOf(client, company.id, true);
      const { rows } = await client.query<{ file: string }>(
        "select file from document where tenant_id = $1",
        [company.id],
      );
      await client.query("set session_replication_role = replica");
      await client.query("delete from document where tenant_id = $1", [company.id]);
      for (const { file } of rows) await system.files.remove(file);
      const [lost, before] = [await sumOf(client, company.id, true), await others()];
      const { data } = await choose([folderPlace(folder)], {});
      await restoreTenant({
        system,
        live: { adminUrl, database },
        scratch: { adminUrl, database: scratch },
        slug: company.slug,
        data,
        identities: [identity],
      });
      const files = await Promise.all(rows.map(({ file }) => system.files.exists(file)));
      const back = (await sumOf(client, company.id, true)) === then;
      const untouched = (await others()) === before;
      const old = await owner.call("GET", "documents");
      return outcomeOf(
        [
          finding(
            lost !== then && back,
            "a workspace whose documents were lost",
            "the operator",
            back ? "as it was" : "not as it was",
          ),
          finding(
            files.length > 0 && files.every(Boolean),
            "its stored files",
            "the operator",
            `${files.filter(Boolean).length} of ${files.length} back`,
          ),
          finding(
            untouched,
            "every other workspace's rows",
            "the database's superuser",
            untouched ? "the same, to the byte" : "changed",
          ),
          finding(old.status === 401, "its sessions from before", "a member", String(old.status)),
        ],
        "one workspace set back to a backup, all others compared row by row",
      );
    } finally {
      await server.query(`drop database if exists ${scratch} with (force)`);
      await Promise.all([server.end(), client.end()]);
    }
  });
}

/** Of all tables of tenants: the rows of one, or of all others. What runs by the clock in this process is left out. */
async function sumOf(client: pg.Client, tenantId: string, own: boolean): Promise<string> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
         and c.relname not in ('session', 'visibility_epoch', 'mail', 'factor_ticket', 'mailed_link', 'challenge_used') order by 1`,
  );
  const sums: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ sum: string | null }>(
      `select md5(string_agg(md5(r::text), '' order by md5(r::text))) as sum from public.${name} r where (tenant_id = $1) = $2`,
      [tenantId, own],
    );
    sums.push(`${name} ${rows[0]?.sum}`);
  }
  return sums.join("\n");
}

import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type pg from "pg";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import { errorCode, makePrivateFolder, replaceFile } from "../../../kernel/files/durable.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";
import { backupFailure } from "../backup/failure.ts";

// An import puts keys and files before the rows that need them. A mark in the home names them from before the first one:
// whoever comes next finds out whether the rows came, and then ends it, or takes the rest away.

const NO_ID = "00000000-0000-0000-0000-000000000000";
const AT_ONCE = 200;

/** The number is ours alone. */
const LOCK = 7_234_011_957;

interface Mark {
  readonly tenantId: string;
  readonly slug: string;
  readonly files: readonly string[];
}

const folderOf = ({ config }: System) => join(config.home, "importing");

export async function beginMark(system: System, { tenantId, slug, files }: Mark): Promise<string> {
  const path = join(folderOf(system), `${tenantId}.json`);
  await makePrivateFolder(folderOf(system));
  await replaceFile(path, JSON.stringify({ tenantId, slug, files } satisfies Mark));
  return path;
}

export const endMark = (path: string): Promise<void> => rm(path, { force: true });

/** One import at a time, for as long as this connection is open: also until that of a killed one has rolled back. */
export async function importAlone(to: pg.ClientBase): Promise<void> {
  const { rows } = await to.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [LOCK]);
  if (!rows[0]?.mine)
    throw backupFailure("incomplete", "Another import is under way. Wait until it has ended.");
}

/** Ends every import that came to its rows, and removes what all others left. */
export async function finishEarlier(system: System, to: pg.ClientBase): Promise<void> {
  for (const path of await marks(system)) {
    const { tenantId, slug, files } = JSON.parse(await readFile(path, "utf8")) as Mark;
    if (await isHere(system, { tenantId, slug }))
      await goOn(system, { tenantId, slug }).catch((error: unknown) =>
        system.log.warn({ err: error }, "documents that were not read yet wait until somebody asks for it"),
      );
    else await takeAway(system, to, tenantId, files);
    await endMark(path);
  }
}

/**
 * The same at a server's start, where nobody may ever import again, and says so to the operator. Answers how many there
 * were; none while an import is under way.
 */
export async function finishAtStart(system: System): Promise<number> {
  const left = await marks(system);
  if (left.length === 0) return 0;
  const client = await system.pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [LOCK]);
    if (!rows[0]?.mine) return 0;
    await finishEarlier(system, client);
  } finally {
    client.release(true); // the lock goes with its connection
  }
  const workspaces = left.map((path) => basename(path, ".json"));
  system.log.error({ workspaces }, "an import-tenant has not ended: what it left is finished or taken away");
  await alertOperator(system, {
    kind: "import.interrupted",
    subject: "An import of a workspace was interrupted",
    text: `What it left (${workspaces.join(", ")}) is put in order now. If you do not find the workspace among your customers, run the same import-tenant again.`,
  });
  return left.length;
}

/** In whichever state: its keys are never taken away while there is a row of it. */
async function isHere(system: System, tenant: { tenantId: string; slug: string }): Promise<boolean> {
  const [found] = await unit(jobContext(system, tenant), (ctx) =>
    read(ctx, db.selectFrom("tenant").select("tenant_id")),
  );
  return found.length > 0;
}

async function marks(system: System): Promise<string[]> {
  try {
    const names = await readdir(folderOf(system));
    return names
      .filter((name) => /^[0-9a-f-]{36}\.json$/.test(name))
      .map((name) => join(folderOf(system), name));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function takeAway(
  system: System,
  to: pg.ClientBase,
  tenantId: string,
  files: readonly string[],
): Promise<void> {
  for (let at = 0; at < files.length; at += 1000) {
    const some = files.slice(at, at + 1000);
    const { rows } = await to.query<{ name: string }>("select directory.known_files($1) as name", [some]);
    const known = new Set(rows.map(({ name }) => name));
    for (const name of some) if (!known.has(name)) await system.files.remove(name);
  }
  await system.keyring.withdraw(tenantId);
}

/** Asks for what jobs of the old place had not done yet: the queue did not come along. */
async function goOn(system: System, tenant: { tenantId: string; slug: string }): Promise<void> {
  let [after, waiting]: [string | undefined, number] = [NO_ID, 0];
  while (after !== undefined) {
    const last: string = after;
    after = await unit(jobContext(system, tenant), async (ctx) => {
      const [unread] = await read(
        ctx,
        db
          .selectFrom("document_version")
          .select("version_id")
          .where("state", "in", ["received", "reading"])
          .where("version_id", ">", last)
          .orderBy("version_id")
          .limit(AT_ONCE),
      );
      for (const { version_id } of unread)
        await system.jobs.enqueue(ctx, "knowledge.read-document", version_id, waiting++);
      return unread.at(-1)?.version_id;
    });
  }
  await unit(jobContext(system, tenant), async (ctx) => {
    await system.jobs.enqueue(ctx, "knowledge.index", tenant.tenantId);
    await system.jobs.enqueue(ctx, "knowledge.tidy-library", tenant.tenantId);
  });
}

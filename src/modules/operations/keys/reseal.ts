import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { sealedVersion } from "../../../kernel/crypto/tenant-keys.ts";
import { isOutcomeUnknown, read, unit, write } from "../../../kernel/database/unit.ts";
import { renaming } from "../backup/files-lock.ts";
import {
  countSealed,
  isUnchangeable,
  type SealedColumn,
  type SealedValue,
  sealedValues,
  sealerOf,
} from "./sealed.ts";

/** What has come of resealing so far. */
export interface Resealed {
  values: number;
  files: number;
  /** Columns and files that did not open, or may not be written: the old key stays while there are any. */
  readonly problems: string[];
}

export interface Pace {
  /** Rows of a batch, which is one unit of work. */
  readonly rows: number;
  /** So long somebody who has just read the name of a file may still open it. */
  readonly fileGraceMs: number;
  /** After a batch, so many times its own duration belong to others. */
  readonly rest: number;
  /** Asked between batches. */
  readonly stopped: () => boolean;
  readonly onBatch: (soFar: Resealed) => Promise<void>;
}

/**
 * Seals everything of the tenant anew that names an older data key than the newest: a batch of a column's rows in each
 * unit of work, then files one by one. Whatever was done stays done when it ends in the middle, and is not done again.
 */
export async function resealTenant(ctx: Ctx, pace: Pace): Promise<Resealed> {
  const soFar: Resealed = { values: 0, files: 0, problems: [] };
  for (const column of await staleColumns(ctx)) {
    await resealColumn(ctx, column, pace, soFar);
    if (pace.stopped()) return soFar;
  }
  await resealFiles(ctx, pace, soFar);
  return soFar;
}

/** The columns that hold something under an older key. The audit log's stay as they are. */
async function staleColumns(ctx: Ctx): Promise<SealedColumn[]> {
  const { keyVersion } = await keysOf(ctx);
  const stale = (await countSealed(ctx)).filter((c) => c.version !== keyVersion && !isUnchangeable(c));
  const names = new Map(stale.map((c) => [`${c.place} ${c.column}`, c]));
  return [...names.values()];
}

async function resealColumn(ctx: Ctx, column: SealedColumn, pace: Pace, soFar: Resealed): Promise<void> {
  let after: readonly string[] | null = null;
  try {
    while (!pace.stopped()) {
      const began = performance.now();
      const page: SealedValue[] = await sealedValues(ctx, column, after, pace.rows);
      const last = page.at(-1);
      if (!last) return;
      soFar.values += await resealPage(ctx, column, page);
      await pace.onBatch(soFar);
      if (page.length < pace.rows) return;
      after = last.key;
      await sleep((performance.now() - began) * pace.rest);
    }
  } catch (error) {
    // One column that cannot be done keeps the old key, and no other column from its new one.
    soFar.problems.push(`${column.place}.${column.column}`);
    ctx.log.error({ err: error, ...column }, "a column could not be sealed with the new data key");
  }
}

async function resealPage(ctx: Ctx, column: SealedColumn, page: readonly SealedValue[]): Promise<number> {
  const keys = await keysOf(ctx);
  const stale = page.filter(({ sealed }) => sealedVersion(sealed) !== keys.keyVersion);
  if (stale.length === 0) return 0;
  const sealer = await sealerOf(ctx, keys, column);
  const made = stale.map(({ key, sealed }) => {
    const cell = sealer.cell(key);
    const plain = sealer.open(cell, sealed);
    const again = sealer.seal(cell, plain);
    plain.fill(0);
    return again;
  });
  return unit(ctx, async (inner) => {
    const { rows } = await write(
      inner,
      sql<{ n: string }>`select kernel.reseal(${column.place}, ${column.column},
        ${JSON.stringify(stale.map(({ key }) => key))}::jsonb, ${stale.map((v) => v.sealed)}::bytea[], ${made}::bytea[]) as n`,
    );
    return Number(rows[0]?.n ?? 0);
  });
}

/** Names of the tenant's stored files. */
export async function filesOf(ctx: Ctx): Promise<string[]> {
  const [rows] = await read(ctx, sql<{ name: string }>`select distinct name from kernel.files_of_tenant()`);
  return rows.map(({ name }) => name);
}

/** A file is written anew under another name, its rows are told the name, then the old one goes. */
async function resealFiles(ctx: Ctx, pace: Pace, soFar: Resealed): Promise<void> {
  for (const name of await filesOf(ctx)) {
    if (pace.stopped()) return;
    const began = performance.now();
    try {
      // A backup reads by the old names: what is left keeps its old key, and comes with the next look.
      if ((await renaming(ctx.system, () => resealFile(ctx, name, pace, soFar))) === null) return;
    } catch (error) {
      soFar.problems.push("a stored file");
      ctx.log.error({ err: error }, "a stored file could not be sealed with the new data key");
    }
    await sleep((performance.now() - began) * pace.rest);
  }
}

async function resealFile(ctx: Ctx, name: string, pace: Pace, soFar: Resealed): Promise<true> {
  const { files } = ctx.system;
  const keys = await keysOf(ctx);
  if ((await files.keyVersion(name)) === keys.keyVersion) return true;
  const { name: made } = await files.put(keys, await files.open(keys, name));
  // What nobody names any more (deleted meanwhile, or not ours to write) keeps its old file, and the copy goes.
  const rows = await rename(ctx, name, made).catch(async (error: unknown) => {
    // Where only the answer was lost, rows name it: then the sweep of stored files finds which of the two is left.
    if (!isOutcomeUnknown(error)) await files.remove(made);
    throw error;
  });
  if (rows === 0) {
    await files.remove(made);
    return true;
  }
  soFar.files++;
  await pace.onBatch(soFar);
  await sleep(pace.fileGraceMs);
  await files.remove(name);
  return true;
}

async function rename(ctx: Ctx, was: string, now: string): Promise<number> {
  return unit(ctx, async (inner) => {
    const { rows } = await write(inner, sql<{ n: string }>`select kernel.rename_file(${was}, ${now}) as n`);
    return Number(rows[0]?.n ?? 0);
  });
}

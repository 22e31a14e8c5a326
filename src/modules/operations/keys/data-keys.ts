import { sql } from "kysely";
import { days, minutes } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import type { RecordedKey } from "../../../kernel/crypto/key-record.ts";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";
import { lapsedOldKeys } from "./old-keys.ts";
import { filesOf, type Pace, type Resealed, resealTenant } from "./reseal.ts";
import { countSealed, isUnchangeable } from "./sealed.ts";

// New data keys. A key file with more than one data key says that a workspace's data are on their way to the newest: that
// is all that has to be remembered, so that it goes on after any crash.

/**
 * An old data key goes no earlier: whoever asked for keys before the new one was there, and is still at it, has ended by
 * then. The longest request takes ten minutes.
 */
export const OLD_KEY_STAYS = minutes(60);
const LOOK_EVERY = minutes(10);
const FIRST_AFTER = minutes(2);
/** One process of all at a time. "VSkeys" in ASCII, shortened. */
const LOCK = 0x5653_6b65;

const PACE = { rows: 200, fileGraceMs: 5000, rest: 1 };

/** Makes every workspace a new data key, except those that are still on their way to one. Answers how many. */
export async function renewDataKeys({ keyring }: Pick<System, "keyring">): Promise<number> {
  let renewed = 0;
  for (const id of await keyring.list()) {
    const record = await keyring.look(id).catch(() => null); // one that does not open is said elsewhere
    if (!record || record.keys.filter(({ use }) => use === "data").length > 1) continue;
    await keyring.addDataKey(id);
    renewed++;
  }
  return renewed;
}

/** Works on what is on its way to a newer key, every ten minutes and when told. Answers how to stop. */
export function keepResealing(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  let stopped = false;
  const look = () => {
    running ??= resealWhatWaits(system, { ...PACE, stopped: () => stopped })
      .catch((error: unknown) => system.log.error({ err: error }, "data could not be sealed with new keys"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(look, FIRST_AFTER).unref();
  const timer = setInterval(look, LOOK_EVERY).unref();
  wakers.set(system, look);
  return async () => {
    stopped = true;
    wakers.delete(system);
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

const wakers = new WeakMap<System, () => void>();

/** Begins at once, where this process does such work. */
export const wakeResealing = (system: System): void => wakers.get(system)?.();

/** Goes through all workspaces once. Null when another process is at it. */
export async function resealWhatWaits(
  system: System,
  pace: Omit<Pace, "onBatch">,
): Promise<{ tenants: number; problems: string[] } | null> {
  return oneAtATime(system, LOCK, async () => {
    const done = { tenants: 0, problems: [] as string[] };
    for (const id of await system.keyring.list()) {
      if (pace.stopped()) break;
      const problems = await resealOne(system, id, pace).catch((error: unknown) => {
        system.log.error(
          { err: error, tenant: id },
          "a workspace's data could not be sealed with its new key",
        );
        return ["its keys"];
      });
      if (problems === null) continue;
      done.tenants++;
      done.problems.push(...problems);
    }
    return done;
  });
}

/** Null when there is nothing to be done in this workspace; else what stood in the way. */
async function resealOne(
  system: System,
  tenantId: string,
  pace: Omit<Pace, "onBatch">,
): Promise<string[] | null> {
  const record = await system.keyring.look(tenantId);
  const older = (record?.keys ?? []).filter(({ use }) => use !== "hash").slice(0, -1);
  const newest = record?.keys.at(-1)?.version;
  if (!record || newest === undefined || older.length === 0) return null;
  // Work of no session, in no address.
  const ctx = jobContext(system, { tenantId, slug: "" });
  if (!older.some(({ use }) => use === "data")) return lookAgain(ctx, older, pace);
  if (!(await beginRotation(ctx, newest))) return null;
  const soFar = await resealTenant(ctx, { ...pace, onBatch: (done) => noteProgress(ctx, newest, done) });
  if (pace.stopped()) return soFar.problems;
  await retire(ctx, newest, older, soFar.problems);
  return soFar.problems;
}

const looked = new Map<string, number>();
const told = new Map<string, number>();

/** Whether a day has passed since this workspace was last noted there, which it now is. */
function isDue(noted: Map<string, number>, { clock }: Ctx, id: string): boolean {
  const now = clock().getTime();
  if (now - (noted.get(id) ?? 0) < days(1)) return false;
  noted.set(id, now);
  return true;
}

/**
 * Old keys stay as long as a backup may need them, and what is left of one that is gone as long as the audit log has
 * entries under it, two years as a rule: looked at once a day, null when it was not. What a restored backup has brought
 * back under an old key is sealed with the newest one again.
 */
async function lookAgain(
  ctx: Ctx,
  older: readonly RecordedKey[],
  pace: Omit<Pace, "onBatch">,
): Promise<string[] | null> {
  const { id } = tenantOf(ctx);
  if (!isDue(looked, ctx, id)) return null;
  const lapsed = await lapsedOldKeys(ctx.system, older);
  // Every file is asked only where a key is about to go.
  const inUse = lapsed.length > 0 ? await versionsInUse(ctx) : await versionsInRows(ctx);
  if (older.some(({ use, version }) => use === "old" && inUse.needed.has(version)))
    return (await resealTenant(ctx, { ...pace, onBatch: async () => {} })).problems;
  if (inUse.unread > 0) {
    await refuseToRetire(ctx, inUse.unread, 0);
    return [UNREAD];
  }
  const left = older.filter(({ use }) => use === "audit").map(({ version }) => version);
  const free = [...lapsed, ...left].filter((version) => !inUse.needed.has(version));
  await ctx.system.keyring.dropKeys(id, free, [...inUse.byAudit]);
  return [];
}

/** False for keys without a workspace: one that is just being made, or that never came to be. */
async function beginRotation(ctx: Ctx, version: number): Promise<boolean> {
  return unit(ctx, async (inner) => {
    const { count } = await write(
      inner,
      sql`insert into key_rotation (tenant_id, version, started_at)
            select tenant_id, ${version}, ${ctx.clock()}::timestamptz from tenant where tenant_id = ${tenantOf(ctx).id}
            on conflict (tenant_id, version) do update set version = excluded.version`,
    );
    return count > 0;
  });
}

async function noteProgress(ctx: Ctx, version: number, { values, files }: Resealed): Promise<void> {
  await unit(ctx, async (inner) => {
    await write(
      inner,
      sql`update key_rotation set resealed = greatest(resealed, ${values + files})
           where tenant_id = ${tenantOf(ctx).id} and version = ${version}`,
    );
  });
}

/**
 * Retires the versions that nothing names any more: every column of bytes and every file is asked, not a list of what was
 * done. While anything could not be sealed anew, or a file not be looked at, every key stays.
 */
async function retire(
  ctx: Ctx,
  newest: number,
  older: readonly RecordedKey[],
  problems: readonly string[],
): Promise<void> {
  const [rows] = await read(
    ctx,
    sql<{ started_at: Date }>`select started_at from key_rotation where version = ${newest}`,
  );
  const startedAt = rows[0]?.started_at;
  if (!startedAt || ctx.clock().getTime() - startedAt.getTime() < OLD_KEY_STAYS) return;
  const { needed, unread } = await versionsInUse(ctx);
  if (problems.length > 0 || unread > 0) return refuseToRetire(ctx, unread, problems.length);
  const former = older.filter(({ use }) => use === "data").map(({ version }) => version);
  const free = former.filter((version) => !needed.has(version));
  await ctx.system.keyring.retireDataKeys(tenantOf(ctx).id, free, ctx.clock());
  if (free.length < former.length) return;
  await unit(ctx, async (inner) => {
    await write(
      inner,
      sql`update key_rotation set finished_at = coalesce(finished_at, ${ctx.clock()}::timestamptz)
           where tenant_id = ${tenantOf(ctx).id} and version = ${newest}`,
    );
  });
}

const UNREAD = "a stored file that cannot be looked at";

/** Says so, once a day: a disk that is away comes back, and what is lost needs somebody. */
async function refuseToRetire(ctx: Ctx, unread: number, problems: number): Promise<void> {
  ctx.log.error(
    { unread, problems },
    "old data keys stay: not everything could be looked at, or sealed anew",
  );
  if (!isDue(told, ctx, tenantOf(ctx).id)) return;
  await alertOperator(ctx.system, {
    kind: "keys.resealing-stuck",
    subject: "Old data keys cannot go",
    text: `In one workspace ${unread} stored files cannot be read and ${problems} columns or files cannot be sealed with its new key. The old keys stay, and nothing is lost by that. See that the store of files is there; the log says what it is.`,
  });
}

/** Which versions something still names. */
interface InUse {
  /** To be opened and sealed again. */
  readonly needed: Set<number>;
  /** To be opened only. */
  readonly byAudit: Set<number>;
  /** Files that could not be looked at, which may need any key. */
  readonly unread: number;
}

async function versionsInRows(ctx: Ctx): Promise<InUse> {
  const needed = new Set<number>();
  const byAudit = new Set<number>();
  for (const count of await countSealed(ctx)) {
    (isUnchangeable(count) ? byAudit : needed).add(count.version);
  }
  return { needed, byAudit, unread: 0 };
}

export async function versionsInUse(ctx: Ctx): Promise<InUse> {
  const { needed, byAudit } = await versionsInRows(ctx);
  const unread: string[] = [];
  for (const name of await filesOf(ctx)) {
    // Away for a moment looks the same as gone for good.
    const version = await ctx.system.files.keyVersion(name).catch(() => null);
    if (version !== null) needed.add(version);
    else unread.push(name);
  }
  // One that was deleted while we were at it has no row any more, and needs nothing.
  const named = new Set(unread.length > 0 ? await filesOf(ctx) : []);
  return { needed, byAudit, unread: unread.filter((name) => named.has(name)).length };
}

import { sql } from "kysely";
import { auditCell } from "../../../../kernel/audit.ts";
import { seconds } from "../../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../../kernel/context.ts";
import type { TenantKeys } from "../../../../kernel/crypto/tenant-keys.ts";
import { read } from "../../../../kernel/database/unit.ts";
import { appError } from "../../../../kernel/errors.ts";
import type { System } from "../../../../kernel/system.ts";
import { remember, signerOf } from "./keeper.ts";
import { type NoteSigner, openCheckpoint, signNote, verifierKey } from "./note.ts";
import { isLogBroken, nodesOf, type Sealed, sequenceAudit } from "./sequencer.ts";
import { consistencyPath, inclusionPath, type Nodes, remembered } from "./tree.ts";

/** One entry with all that shows it to be in the signed log; hashes in base64. verify/FORMAT.md, "Export". */
export interface Proof {
  readonly entry: {
    readonly tenant: string;
    readonly id: string;
    readonly at: string;
    readonly actorKind: string;
    readonly actorId: string | null;
    readonly keyId: string | null;
    readonly role: string | null;
    readonly event: string;
    readonly resourceType: string;
    readonly resourceId: string | null;
    readonly outcome: string;
    readonly commitment: string | null;
  };
  /** null once it is erased. */
  readonly content: string | null;
  /** 0 and -1 of an entry that has no place in the log: nobody recorded it the way entries are recorded. */
  readonly number: number;
  readonly index: number;
  readonly path: string[];
}

export interface SignedLog {
  /** A signed note. */
  readonly checkpoint: string;
  /** The public key, as C2SP writes it. */
  readonly key: string;
  readonly size: number;
}

/**
 * The newest checkpoint, with every entry in it that was there when this was called. When the log does not fit what was
 * signed (`broken` says how), what was signed: the proofs then fail, and say where.
 */
async function signedLog(
  system: System,
): Promise<SignedLog & { broken: string | null; heads: Sealed["heads"] }> {
  const signer = await signerOf(system);
  let broken: string | null = null;
  const { note, heads } = await sequenceAudit(system).catch(async (error: unknown): Promise<Sealed> => {
    const last = isLogBroken(error) ? await remember(system) : null;
    if (!isLogBroken(error) || last === null) throw error;
    broken = error.problem;
    system.log.error({ err: error }, "the audit log is broken");
    return last;
  });
  return {
    checkpoint: note,
    key: verifierKey(signer),
    size: openCheckpoint(note, signer).size,
    broken,
    heads,
  };
}

/** The state of the log for everybody: the last checkpoint that was signed, and whether the log still fits it. */
export function publicLog(system: System): Promise<PublicLog> {
  const now = system.clock().getTime();
  const known = states.get(system);
  if (known && Math.abs(now - known.at) < STATE_FOR) return known.state;
  const state = stateOf(system);
  states.set(system, { at: now, state });
  state.catch(() => states.delete(system));
  return state;
}

export type PublicLog = SignedLog & { readonly intact: boolean; readonly problem: string | null };

/** Everybody may ask: so often the tree is looked at for them. */
const STATE_FOR = seconds(2);
const states = new WeakMap<System, { at: number; state: Promise<PublicLog> }>();

async function stateOf(system: System): Promise<PublicLog> {
  const log = await signedLog(system);
  const removed = log.broken ? 0 : await removedNow(system);
  const problem = log.broken ?? (removed > 0 ? `lacks ${removed} entries that were in it` : null);
  const { checkpoint, key, size } = log;
  return { checkpoint, key, size, intact: problem === null, problem };
}

/** Counts all of the log: again only after a hundred times as long as it took. */
async function removedNow(system: System): Promise<number> {
  const now = performance.now();
  const known = counts.get(system);
  if (known && now < known.until) return known.removed;
  const removed = await removedOf(system);
  const took = performance.now() - now;
  counts.set(system, { removed, until: performance.now() + 100 * took });
  return removed;
}
const counts = new WeakMap<System, { removed: number; until: number }>();

async function removedOf(system: System): Promise<number> {
  const { rows } = await system.pool.query<{ removed: number }>("select audit.removed()::float8 as removed");
  return rows[0]?.removed ?? 0;
}

/** That the log of `to` entries begins with the one of `from`. Throws `not_found` for sizes that it never had. */
export async function consistency(system: System, from: number, to: number): Promise<string[]> {
  const memory = await remember(system);
  const size = memory === null ? 0 : openCheckpoint(memory.note, await signerOf(system)).size;
  if (from > to || to > size)
    throw appError("not_found", { message: `The signed log has ${size} entries: from ≤ to ≤ ${size}.` });
  return (await consistencyPath(treeOf(system), from, to)).map((hash) => hash.toString("base64"));
}

/** One entry of the acting member's workspace with its proof. Throws `not_found`. */
export async function proveEntry(ctx: Ctx, id: string): Promise<SignedLog & Proof> {
  // Its right is asked for before anything is sealed on its behalf.
  await entryRows(ctx, { id });
  const log = await signedLog(ctx.system);
  const [row] = await entryRows(ctx, { id });
  if (!row) throw appError("not_found");
  const { checkpoint, key, size } = log;
  return { checkpoint, key, size, ...(await proofOf(await keysOf(ctx), row, size, treeOf(ctx.system))) };
}

const AT_ONCE = 500;

/** The whole log of the acting member's workspace, in order, as the lines of an export. */
export async function* exportLines(ctx: Ctx): AsyncGenerator<string> {
  const log = await signedLog(ctx.system);
  const tree = remembered(treeOf(ctx.system));
  const keys = await keysOf(ctx);
  // A context of its own for each page, so that session and right are asked anew.
  const page = (pick: Pick) => entryRows({ ...ctx, tx: null, standing: { current: null } }, pick);
  const strays = await page({ strays: true });
  yield JSON.stringify({
    format: "vouchsafe-audit-export/1",
    tenant: tenantOf(ctx).id,
    checkpoint: log.checkpoint,
    key: log.key,
    head: headNote(tenantOf(ctx).id, log.heads, await signerOf(ctx.system)),
    removed: await removedOf(ctx.system),
  });
  for (const row of strays) yield JSON.stringify(await proofOf(keys, row, log.size, tree));
  for (let after = 0; ; ) {
    const rows = await page({ after, size: log.size });
    for (const row of rows) yield JSON.stringify(await proofOf(keys, row, log.size, tree));
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE) break;
    after = last.number ?? 0;
  }
  yield JSON.stringify({ end: true });
}

/** How many entries a workspace has in the log, signed; null when this installation does not know. */
function headNote(tenantId: string, heads: Sealed["heads"], signer: NoteSigner): string | null {
  const head = heads[tenantId];
  return head === undefined ? null : signNote([`workspace ${tenantId}`, String(head)], signer);
}

interface EntryRow {
  readonly entry_id: string;
  readonly at: Date;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly key_id: string | null;
  readonly role: string | null;
  readonly event: string;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly outcome: string;
  readonly content: Buffer | null;
  readonly commitment: Buffer | null;
  readonly leaf_index: number | null;
  readonly number: number | null;
}

/** One entry; those whose number comes after another, in a log of this size; or those that have no place and wait for none. */
type Pick = { id: string } | { after: number; size: number } | { strays: true };

async function entryRows(ctx: Ctx, pick: Pick): Promise<EntryRow[]> {
  const condition =
    "id" in pick
      ? sql`e.entry_id = ${pick.id}`
      : "strays" in pick
        ? sql`p.number is null and e.entry_id not in (select audit.waiting())`
        : sql`p.number > ${pick.after} and p.leaf_index < ${pick.size}`;
  const [rows] = await read(
    ctx,
    sql<EntryRow>`
      select e.entry_id, e.at, e.actor_kind, e.actor_id, e.key_id, e.role, e.event, e.resource_type, e.resource_id,
             e.outcome, e.content, e.commitment, p.leaf_index, p.number
        from audit.entry e left join audit.place p on p.tenant_id = e.tenant_id and p.entry_id = e.entry_id
        where e.tenant_id = ${tenantOf(ctx).id} and ${condition}
        order by p.number limit ${AT_ONCE}`,
  );
  return rows;
}

async function proofOf(keys: TenantKeys, row: EntryRow, size: number, tree: Nodes): Promise<Proof> {
  const index = row.leaf_index ?? -1;
  // A tree with a gap proves nothing: without a path the check fails.
  const path =
    index >= 0 && index < size ? await inclusionPath(tree, index, size).catch((): Buffer[] => []) : [];
  return {
    entry: {
      tenant: keys.tenantId,
      id: row.entry_id,
      at: row.at.toISOString(),
      actorKind: row.actor_kind,
      actorId: row.actor_id,
      keyId: row.key_id,
      role: row.role,
      event: row.event,
      resourceType: row.resource_type,
      resourceId: row.resource_id,
      outcome: row.outcome,
      commitment: row.commitment?.toString("base64") ?? null,
    },
    content: openedContent(keys, row),
    number: row.number ?? 0,
    index,
    path: path.map((hash) => hash.toString("base64")),
  };
}

/** What does not open any more was changed: it is shown as what it is not, so that the check fails on it. */
function openedContent(keys: TenantKeys, row: EntryRow): string | null {
  if (row.content === null) return null;
  try {
    return keys.openText(auditCell(row.entry_id), row.content);
  } catch {
    return UNREADABLE;
  }
}

const UNREADABLE = "[this content does not open with the workspace's keys]";

const treeOf = (system: System): Nodes => nodesOf(system.pool);

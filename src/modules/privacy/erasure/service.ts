import { sql } from "kysely";
import { type AuditContent, auditCell, record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { holdsAll, rightsOf } from "../../../kernel/permissions.ts";
import { addressesOf } from "../../identity/address-changes/service.ts";
import { addressHash } from "../../identity/addresses.ts";
import { checkMayAdd, factorsOf } from "../../identity/factors/policy.ts";
import { openAddress } from "../../identity/members.ts";
import { actAlone, withRights } from "../../identity/roles/acting.ts";
import { handOver, holdingsOf, takerRow } from "../../tenancy/hand-over/service.ts";
import { removeMember } from "../../tenancy/members/service.ts";
import { type Erased, noteErased } from "./ledger.ts";

/** What becomes of what somebody owned. */
export type Fate = { readonly content: "deleted" } | { readonly content: "handed-over"; readonly to: string };

/**
 * What is looked for, and forgotten last, sealed: every address that a person proved to have here. Never their name: they
 * choose it themselves, and it may be anybody's, or a word that stands in everything.
 */
export interface Spoken {
  readonly addresses: readonly string[];
}

export const spokenCell = (id: string) => ({ table: "erasure", column: "spoken", row: id });

/**
 * Erases a member: they are removed at once, what they owned is handed over or deleted, and everything that says who they
 * were is found and goes, by a job. What stays is an identifier. Throws `not_found`, `forbidden` for who holds more,
 * `last_owner`, `wrong_state` for oneself.
 */
export async function eraseMember(ctx: Ctx, memberId: string, fate: Fate): Promise<void> {
  const erased = await unit(ctx, async (inner) => {
    if (memberId === memberOf(inner))
      throw appError("wrong_state", { message: "This is you. Use your own account's page." });
    await actAlone(inner);
    const member = await readOne(inner, withRights(memberId));
    if (!member || member.role === "support") throw appError("not_found");
    const { permissions, tenantKind } = standingOf(inner);
    if (!holdsAll(permissions, rightsOf(member, tenantKind)))
      throw appError("forbidden", { message: "You cannot erase someone who holds more than you." });
    if (member.status !== "removed") await removeMember(inner, memberId);
    if (fate.content === "handed-over") {
      // Also of who has nothing to hand over: the row below says who would have got it.
      await takerRow(inner, fate.to);
      const { documents, folders, chats } = await holdingsOf(inner, memberId);
      if (documents + folders + chats > 0) await handOver(inner, memberId, fate.to);
    }
    return beginErasure(inner, memberId, fate);
  });
  // Backups from before do not know of it. Who is stopped here has not been told that it is done, and the job notes it.
  await noteErased(ctx.system, erased);
}

/**
 * The same for oneself, with all that one owns; the log's entries keep their content for 30 days, so that nobody takes
 * the traces of what they did away alone. `address` is one's own, typed. Throws `invalid_input`, `last_owner`.
 */
export async function eraseOwnAccount(ctx: Ctx, address: string): Promise<void> {
  const erased = await unit(ctx, async (inner) => {
    const me = memberOf(inner);
    const row = await readOne(
      inner,
      db.selectFrom("member").select(["member_id", "address"]).where("member_id", "=", me),
    );
    if (!row || openAddress(await keysOf(inner), row).toLowerCase() !== address.trim().toLowerCase())
      throw appError("invalid_input", { fields: { address: "This is not the address of your account." } });
    await checkMayAdd(inner, await factorsOf(inner, me));
    await removeMember(inner, me);
    return beginErasure(inner, me, { content: "deleted" });
  });
  await noteErased(ctx.system, erased);
}

async function beginErasure(ctx: Ctx, memberId: string, fate: Fate): Promise<Erased> {
  const keys = await keysOf(ctx);
  const spoken = await spokenOf(ctx, memberId);
  const [before] = await read(
    ctx,
    db.selectFrom("erasure").select("erasure_id").where("member_id", "=", memberId),
  );
  if (!spoken || before.length > 0) throw appError("not_found");
  const id = newId();
  // The database makes it, and says so in the log: it is a licence to delete.
  await write(
    ctx,
    sql`select kernel.begin_erasure(${id}, ${memberId}, ${fate.content},
          ${fate.content === "handed-over" ? fate.to : null}, ${keys.seal(spokenCell(id), JSON.stringify(spoken))})`,
  );
  record(ctx, {
    event: "member.erased",
    resource: { type: "member", id: memberId },
    changes: { content: [null, fate.content] },
  });
  await ctx.system.jobs.enqueue(ctx, "privacy.erase-person", id);
  return {
    tenant: tenantOf(ctx).id,
    member: memberId,
    at: ctx.clock().toISOString(),
    by: memberOf(ctx),
    ...(await fateOfCopies(ctx, memberId, fate)),
  };
}

/**
 * What has to become of what a backup brings back of somebody. What was handed over before they were erased is not theirs
 * any more: deleting it with them would take it from whoever has it now.
 */
async function fateOfCopies(ctx: Ctx, memberId: string, fate: Fate): Promise<Pick<Erased, "content" | "to">> {
  if (fate.content === "handed-over") return { content: "handed-over", to: fate.to };
  const { documents, folders, chats } = await holdingsOf(ctx, memberId);
  if (documents + folders + chats > 0) return { content: "deleted", to: null };
  const given = await readOne(
    ctx,
    db
      .selectFrom("audit.entry")
      .select(["entry_id", "content"])
      .where("event", "=", "member.handed-over")
      .where("resource_id", "=", memberId)
      .orderBy("at", "desc")
      .limit(1),
  );
  if (!given?.content) return { content: "deleted", to: null };
  const text = (await keysOf(ctx)).openText(auditCell(given.entry_id), given.content);
  const to = (JSON.parse(text) as AuditContent).changes?.to?.[1];
  return typeof to === "string" ? { content: "handed-over", to } : { content: "deleted", to: null };
}

/** What somebody's letters and log entries are found by; null for who is not there. */
export async function spokenOf(ctx: Ctx, memberId: string): Promise<Spoken | null> {
  const keys = await keysOf(ctx);
  const [[member], changes] = await read(
    ctx,
    db.selectFrom("member").select(["member_id", "address"]).where("member_id", "=", memberId),
    // What was confirmed only: an address that somebody merely typed is another's.
    db
      .selectFrom("address_change")
      .select(["change_id", "old_address", "new_address"])
      .where("member_id", "=", memberId)
      .where("confirmed_at", "is not", null),
  );
  if (!member) return null;
  const addresses = new Set([
    openAddress(keys, member),
    ...changes.flatMap((change) => addressesOf(keys, change)),
  ]);
  return { addresses: await ownOf(ctx, memberId, [...addresses]) };
}

/** Without those that are somebody else's by now. */
export async function ownOf(ctx: Ctx, memberId: string, addresses: readonly string[]): Promise<string[]> {
  const keys = await keysOf(ctx);
  if (addresses.length === 0) return [];
  const hashes = addresses.map((address) => addressHash(keys, address));
  const [others] = await read(
    ctx,
    db
      .selectFrom("member")
      .select("address_hash")
      .where("member_id", "<>", memberId)
      .where("address_hash", "in", hashes),
  );
  return addresses.filter(
    (_, i) => !others.some(({ address_hash }) => hashes[i]?.equals(address_hash ?? Buffer.of())),
  );
}

import { sql } from "kysely";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { once, read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { type JobSpec, jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { forgetQuestions } from "../../assistant/forgetting.ts";
import { addressHash } from "../../identity/addresses.ts";
import { addressCell, nameCell } from "../../identity/members.ts";
import { removeLater } from "../../knowledge/documents/telling.ts";
import { alertOperator } from "../../operations/alerts/service.ts";
import { reasonCell as openingReason } from "../../tenancy/openings/service.ts";
import { reasonCell as supportReason } from "../../tenancy/support/service.ts";
import { deleteContent } from "./content.ts";
import { noteErased } from "./ledger.ts";
import { eraseLetters, eraseOwnEntries } from "./letters.ts";
import { ownOf, type Spoken, spokenCell } from "./service.ts";

/** What stands where a name was. */
export const ERASED = "Erased member";

/**
 * Does what an erasure asks for, in steps that can be done again: content, then rows, letters and log entries, which are
 * found by the addresses that are forgotten last.
 */
export const erasePerson: JobSpec = {
  name: "privacy.erase-person",
  concurrency: 1,
  retries: 8,
  whileClosing: "whoever is to be forgotten is forgotten",
  run: (ctx, id) => finishErasure(ctx, id),
};

/** Takes up, in all workspaces, what a crash left, as long as some of it ends. Answers how many people are forgotten. */
export async function finishErasures(system: System): Promise<number> {
  const failed = new Set<string>();
  const workspaces = new Map<string, string>();
  let done = 0;
  for (let before = -1; before < done; ) {
    before = done;
    const { rows } = await system.pool.query<{ tenant_id: string; slug: string; erasure_id: string }>(
      "select * from directory.erasures_to_do()",
    );
    // Each by itself: what keeps one of them from being forgotten does not keep the others.
    for (const { tenant_id: tenantId, slug, erasure_id } of rows.filter((row) => !failed.has(row.erasure_id)))
      try {
        await finishErasure(jobContext(system, { tenantId, slug }), erasure_id);
        done++;
      } catch (error) {
        system.log.error({ err: error, erasure: erasure_id }, "somebody could not be erased");
        failed.add(erasure_id);
        workspaces.set(tenantId, slug);
      }
  }
  // Once for a workspace, however many.
  for (const [tenantId, slug] of workspaces)
    await alertOperator(system, {
      kind: `erasure.failed.${tenantId}`,
      subject: "A person could not be erased",
      text: `Erasing one or more members of the workspace with the short name “${slug}” has failed, and is tried again tomorrow. The server's log says why.`,
    });
  return done;
}

async function finishErasure(ctx: Ctx, id: string): Promise<void> {
  const row = await readOne(
    ctx,
    db
      .selectFrom("erasure")
      .select(["member_id", "content", "spoken", "state", "asked_by", "given_to", "created_at"])
      .where("erasure_id", "=", id)
      .where("state", "<>", "done"),
  );
  if (!row?.spoken) return;
  // Whoever asked for it may have been stopped between the two.
  await noteErased(ctx.system, {
    tenant: tenantOf(ctx).id,
    member: row.member_id,
    at: possible(row.created_at, ctx.clock()).toISOString(),
    by: row.asked_by,
    content: row.content === "handed-over" ? "handed-over" : "deleted",
    to: row.given_to,
  });
  const keys = await keysOf(ctx);
  const memberId = row.member_id;
  const spoken = JSON.parse(keys.openText(spokenCell(id), row.spoken)) as Spoken;
  // Their address may be somebody's again by now, whose letters and entries these then are.
  const addresses = await ownOf(ctx, memberId, spoken.addresses);
  if (row.state === "working") {
    if (row.content === "deleted") await deleteContent(ctx, memberId);
    await eraseWords(ctx, memberId);
    await eraseRows(ctx, memberId, addresses);
    await eraseLetters(ctx, addresses);
  }
  if (await mayEmptyEntries(ctx, id)) {
    const closed = await eraseOwnEntries(ctx, id, memberId, addresses);
    if (closed > 0)
      ctx.system.log.warn(
        { erasure: id, closed },
        "entries of the audit log do not open, and stay as they are",
      );
  }
  await unit(ctx, async (inner) => {
    await write(
      inner,
      db
        .updateTable("member")
        .set({
          name: keys.seal(nameCell(memberId), ERASED),
          address: keys.seal(addressCell(memberId), ""),
          address_hash: null,
          password: null,
          preferences: null,
          last_sign_in_at: null,
        })
        .where("member_id", "=", memberId),
    );
    await write(inner, sql`select kernel.end_erasure(${id})`);
  });
}

/** A row's own word, where it is one: rows of workspaces that came from elsewhere were not written here. */
const possible = (at: Date, now: Date): Date =>
  at.getTime() >= Date.UTC(2000, 0) && at.getTime() <= now.getTime() ? at : now;

/** Those of somebody who asked for it themself wait for 30 days, by the database's clock. */
async function mayEmptyEntries(ctx: Ctx, id: string): Promise<boolean> {
  const [rows] = await read(
    ctx,
    sql<{
      may: boolean;
    }>`select asked_by <> member_id or created_at <= clock_timestamp() - interval '720 hours' as may
      from erasure where tenant_id = ${tenantOf(ctx).id} and erasure_id = ${id}`,
  );
  return rows[0]?.may === true;
}

/** What they wrote that is in others': questions in shared chats with their answers, and reasons that they gave. */
async function eraseWords(ctx: Ctx, memberId: string): Promise<void> {
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    await forgetQuestions(inner, memberId);
    const [openings, grants] = await read(
      inner,
      db.selectFrom("opening").select("opening_id").where("opened_by", "=", memberId),
      db.selectFrom("support_grant").select("grant_id").where("granted_by", "=", memberId),
    );
    for (const { opening_id } of openings)
      await write(
        inner,
        db
          .updateTable("opening")
          .set({ reason: keys.seal(openingReason(opening_id), "") })
          .where("opening_id", "=", opening_id),
      );
    for (const { grant_id } of grants)
      await write(
        inner,
        db
          .updateTable("support_grant")
          .set({ reason: keys.seal(supportReason(grant_id), "") })
          .where("grant_id", "=", grant_id),
      );
  });
}

async function eraseRows(ctx: Ctx, memberId: string, addresses: readonly string[]): Promise<void> {
  const keys = await keysOf(ctx);
  await unit(ctx, async (inner) => {
    const [pieces, exports] = await read(
      inner,
      sql<{ file: string }>`select p.file from upload_piece p join upload u using (tenant_id, upload_id)
        where u.tenant_id = ${tenantOf(inner).id} and u.member_id = ${memberId}`,
      sql<{ file: string }>`select p.file from export_part p join export e using (tenant_id, export_id)
        where e.tenant_id = ${tenantOf(inner).id} and e.asked_by = ${memberId}`,
    );
    await once(inner, sql`select kernel.erase_rows(${memberId})`);
    await write(inner, db.deleteFrom("export").where("asked_by", "=", memberId));
    for (const address of addresses)
      await write(
        inner,
        db.deleteFrom("sign_in_guard").where("address_hash", "=", addressHash(keys, address)),
      );
    removeLater(
      inner,
      [...pieces, ...exports].map(({ file }) => file),
    );
  });
}

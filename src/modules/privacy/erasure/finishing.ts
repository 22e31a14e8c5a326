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
import { reasonCell as openingReason } from "../../tenancy/openings/service.ts";
import { reasonCell as supportReason } from "../../tenancy/support/service.ts";
import { deleteContent } from "./content.ts";
import { eraseLetters, eraseOwnEntries } from "./letters.ts";
import { namingOf } from "./naming.ts";
import { type Spoken, spokenCell } from "./service.ts";

/** What stands where a name was. */
export const ERASED = "Erased member";

/**
 * Does what an erasure asks for, in steps that can be done again: content, then rows, letters and log entries, which are
 * found by the names that are forgotten last.
 */
export const erasePerson: JobSpec = {
  name: "privacy.erase-person",
  concurrency: 1,
  retries: 8,
  whileClosing: "whoever is to be forgotten is forgotten",
  run: (ctx, id) => finishErasure(ctx, id),
};

/** Takes up, in all workspaces, what a crash left. Answers how many people are forgotten. */
export async function finishErasures(system: System): Promise<number> {
  const { rows } = await system.pool.query<{ tenant_id: string; slug: string; erasure_id: string }>(
    "select * from directory.erasures_to_do()",
  );
  for (const { tenant_id: tenantId, slug, erasure_id } of rows)
    await finishErasure(jobContext(system, { tenantId, slug }), erasure_id);
  return rows.length;
}

async function finishErasure(ctx: Ctx, id: string): Promise<void> {
  const row = await readOne(
    ctx,
    db
      .selectFrom("erasure")
      .select(["member_id", "content", "spoken"])
      .where("erasure_id", "=", id)
      .where("state", "=", "working"),
  );
  if (!row?.spoken) return;
  const keys = await keysOf(ctx);
  const memberId = row.member_id;
  const spoken = JSON.parse(keys.openText(spokenCell(id), row.spoken)) as Spoken;
  const names = namingOf(spoken);
  if (row.content === "deleted") await deleteContent(ctx, memberId);
  await eraseWords(ctx, memberId);
  await eraseRows(ctx, memberId, spoken);
  await eraseLetters(ctx, names);
  await eraseOwnEntries(ctx, memberId, names);
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
    await write(
      inner,
      db
        .updateTable("erasure")
        .set({ state: "done", spoken: null, done_at: inner.clock() })
        .where("erasure_id", "=", id),
    );
  });
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

async function eraseRows(ctx: Ctx, memberId: string, { addresses }: Spoken): Promise<void> {
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

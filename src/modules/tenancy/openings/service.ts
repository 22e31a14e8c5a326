import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { later, minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { holdsAll, type RoleOfMember, rightsOf } from "../../../kernel/permissions.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { actAlone } from "../../identity/roles/acting.ts";

export interface Opened {
  readonly kind: "document" | "folder" | "chat" | "member";
  readonly id: string;
}

export const reasonCell = (id: string) => ({ table: "opening", column: "reason", row: id });

/**
 * Opens others' content for reading, for a while: one object, a folder with all that lies in it now or later of the
 * same owners, or everything of a member. Recorded, told to each owner at once, and shown to them while it lasts.
 * Nobody opens the content of someone who holds more rights than they do, or of someone who was removed: that is
 * handed over. Throws `not_found`, `forbidden`, `wrong_state`.
 */
export async function openContent(
  ctx: Ctx,
  { of, reason, minutes: long }: { of: Opened; reason: string; minutes: number },
): Promise<{ id: string; until: string }> {
  return unit(ctx, async (inner) => {
    // Rights that change meanwhile, the actor's or an owner's, are waited for: what is compared here still holds then.
    await actAlone(inner);
    const me = memberOf(inner);
    const owners = (await ownersOf(inner, of)).filter((owner) => owner.member_id !== me);
    const present = owners.filter((owner) => owner.status !== "removed");
    if (present.every((owner) => owner.only_asked))
      throw appError("wrong_state", { message: "It is yours, or of somebody who was removed." });
    const { permissions, tenantKind } = standingOf(inner);
    if (owners.some((owner) => !holdsAll(permissions, rightsOf(owner, tenantKind))))
      throw appError("forbidden", {
        message: "You cannot open what belongs to someone who holds more than you.",
      });
    const id = newId();
    const now = inner.clock();
    const until = later(now, minutes(long));
    const keys = await keysOf(inner);
    const tenant_id = tenantOf(inner).id;
    await write(
      inner,
      db.insertInto("opening").values({
        tenant_id,
        opening_id: id,
        opened_by: me,
        kind: of.kind,
        document_id: of.kind === "document" ? of.id : null,
        folder_id: of.kind === "folder" ? of.id : null,
        chat_id: of.kind === "chat" ? of.id : null,
        member_id: of.kind === "member" ? of.id : null,
        reason: keys.seal(reasonCell(id), reason),
        created_at: now,
        until,
      }),
    );
    await write(
      inner,
      db
        .insertInto("opening_owner")
        .values(present.map(({ member_id }) => ({ tenant_id, opening_id: id, member_id }))),
    );
    record(inner, {
      event: "content.opened",
      resource: { type: of.kind, id: of.id },
      changes: {
        opening: [null, id],
        reason: [null, reason],
        until: [null, until.toISOString()],
        owners: [null, present.map(({ member_id }) => member_id)],
      },
    });
    const by = await nameOf(inner, me);
    for (const { member_id } of present)
      await notify(inner, member_id, "access-opened", { by, reason, until: until.toISOString() });
    return { id, until: until.toISOString() };
  });
}

type Owner = RoleOfMember & {
  readonly member_id: string;
  readonly status: string;
  /** In somebody else's chat. */
  readonly only_asked: boolean;
};

/** Whose content it is. Throws `not_found`. */
async function ownersOf(ctx: Ctx, { kind, id }: Opened): Promise<Owner[]> {
  const whose = {
    document: sql`select owner_id from document where document_id = ${id} and deleted_at is null`,
    // Whoever asked wrote what is read there.
    chat: sql`
      select owner_id from chat where chat_id = ${id}
      union
      select member_id from message where chat_id = ${id} and author = 'person'`,
    member: sql`select ${id}::uuid`,
    folder: sql`
      select folder.owner_id from folder_above below
        join folder on folder.tenant_id = below.tenant_id and folder.folder_id = below.folder_id
        where below.above_id = ${id} and folder.deleted_at is null
      union
      select document.owner_id from folder_above below
        join document on document.tenant_id = below.tenant_id and document.folder_id = below.folder_id
        where below.above_id = ${id} and document.deleted_at is null`,
  }[kind];
  const [rows] = await read(
    ctx,
    sql<Owner>`
      select member.member_id, member.status, member.role, role.permissions as granted,
             ${kind} = 'chat' and not exists (
               select from chat where chat_id = ${id} and chat.owner_id = member.member_id) as only_asked
        from member left join role on role.tenant_id = member.tenant_id and role.role_id = member.role_id
        where member.tenant_id = ${tenantOf(ctx).id} and member.member_id in (${whose})`,
  );
  if (rows.length === 0) throw appError("not_found");
  return rows;
}

/** Ends an opening before its time. Throws `not_found`, `wrong_state` when it is over. */
export async function closeOpening(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const now = inner.clock();
    const row = await readOne(
      inner,
      db.selectFrom("opening").select(["ended_at", "until"]).where("opening_id", "=", id).forUpdate(),
    );
    if (!row) throw appError("not_found");
    if (row.ended_at || row.until <= now) throw appError("wrong_state");
    await write(inner, db.updateTable("opening").set({ ended_at: now }).where("opening_id", "=", id));
    record(inner, { event: "content.closed", resource: { type: "opening", id } });
  });
}

export interface OpeningView {
  readonly id: string;
  readonly of: {
    readonly kind: Opened["kind"];
    /** null once it is deleted. */
    readonly id: string | null;
    /** Of a member; what an object is called is not for the list. */
    readonly name: string | null;
  };
  readonly by: { readonly id: string; readonly name: string };
  readonly reason: string;
  readonly at: string;
  readonly until: string;
  readonly ended: boolean;
}

/** Every opening of the workspace, newest first, at most 500. */
export const listOpenings = (ctx: Ctx): Promise<OpeningView[]> => openings(ctx, sql<boolean>`true`);

/** Those of the acting member's own content. */
export const listOwnOpenings = (ctx: Ctx): Promise<OpeningView[]> =>
  openings(
    ctx,
    sql<boolean>`exists (select from opening_owner told where told.tenant_id = opening.tenant_id
      and told.opening_id = opening.opening_id and told.member_id = ${memberOf(ctx)})`,
    sql<boolean>`exists (select from opening_owner told where told.tenant_id = opening.tenant_id
      and told.opening_id = opening.opening_id and told.member_id = ${memberOf(ctx)} and told.ended_at is not null)`,
  );

/** `over` says which have ended for the reader before they end for all. */
async function openings(
  ctx: Ctx,
  which: ReturnType<typeof sql<boolean>>,
  over = sql<boolean>`false`,
): Promise<OpeningView[]> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("opening")
      .innerJoin("member as opener", (on) =>
        on
          .onRef("opener.tenant_id", "=", "opening.tenant_id")
          .onRef("opener.member_id", "=", "opening.opened_by"),
      )
      .leftJoin("member as whose", (on) =>
        on
          .onRef("whose.tenant_id", "=", "opening.tenant_id")
          .onRef("whose.member_id", "=", "opening.member_id"),
      )
      .where(which)
      .orderBy("opening.created_at", "desc")
      .orderBy("opening.opening_id", "desc")
      .limit(500)
      .selectAll("opening")
      .select(["opener.name as opener_name", "whose.name as whose_name", over.as("over")]),
  );
  const keys = await keysOf(ctx);
  const now = ctx.clock();
  return rows.map((row) => ({
    id: row.opening_id,
    of: {
      kind: row.kind,
      id: row.document_id ?? row.folder_id ?? row.chat_id ?? row.member_id,
      name:
        row.member_id && row.whose_name
          ? openName(keys, { member_id: row.member_id, name: row.whose_name })
          : null,
    },
    by: { id: row.opened_by, name: openName(keys, { member_id: row.opened_by, name: row.opener_name }) },
    reason: keys.openText(reasonCell(row.opening_id), row.reason),
    at: row.created_at.toISOString(),
    until: row.until.toISOString(),
    ended: row.over || row.ended_at !== null || row.until <= now,
  }));
}

/** Who has an object of the acting member's own open now. `place` is the folder that it lies in. */
export async function openingsOf(
  ctx: Ctx,
  { kind, id }: Omit<Opened, "kind"> & { readonly kind: "document" | "folder" | "chat" },
  place: string | null,
): Promise<{ by: { id: string; name: string }; until: string; reason: string }[]> {
  const me = memberOf(ctx);
  const [rows] = await read(
    ctx,
    db
      .selectFrom("opening")
      .innerJoin("member", (on) =>
        on
          .onRef("member.tenant_id", "=", "opening.tenant_id")
          .onRef("member.member_id", "=", "opening.opened_by"),
      )
      .where("opening.ended_at", "is", null)
      .where("opening.until", ">", ctx.clock())
      .where(
        sql<boolean>`exists (select from opening_owner told where told.tenant_id = opening.tenant_id
          and told.opening_id = opening.opening_id and told.member_id = ${me} and told.ended_at is null)`,
      )
      .where(
        sql<boolean>`(opening.member_id = ${me}
          or case ${kind} when 'document' then opening.document_id when 'chat' then opening.chat_id end = ${id}
          or opening.folder_id in (select above_id from folder_above where folder_id = ${place}))`,
      )
      .orderBy("opening.until")
      .select(["opening.opening_id", "opening.opened_by", "opening.until", "opening.reason", "member.name"]),
  );
  const keys = await keysOf(ctx);
  return rows.map((row) => ({
    by: { id: row.opened_by, name: openName(keys, { member_id: row.opened_by, name: row.name }) },
    until: row.until.toISOString(),
    reason: keys.openText(reasonCell(row.opening_id), row.reason),
  }));
}

async function nameOf(ctx: Ctx, id: string): Promise<string> {
  const row = await readOne(
    ctx,
    db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", id),
  );
  return row ? openName(await keysOf(ctx), row) : "";
}

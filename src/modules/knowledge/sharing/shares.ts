import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { groupNameOf } from "../../tenancy/groups/names.ts";
import { tellOfDocuments } from "../documents/telling.ts";
import { loadObject, type Shareable, sharesOn } from "./objects.ts";
import type { Access } from "./reach.ts";

export const MOST_SHARES = 500;

const EVENTS = { document: "document.shared", folder: "folder.shared", chat: "chat.shared" } as const;

/** Somebody, a group, or (without an id) everybody in the workspace. */
export interface Grantee {
  readonly kind: "member" | "group" | "tenant";
  readonly id: string | null;
}

export interface ShareView {
  readonly id: string;
  readonly with: Grantee & { readonly name: string };
  readonly access: Access;
  readonly since: string;
  /** Of a folder that the reader may not see, null and no name. */
  readonly inheritedFrom: { readonly id: string | null; readonly name: string } | null;
}

/** Shares what is one's own. Whoever has a share of it already gets this access instead. */
export async function share(
  ctx: Ctx,
  object: Shareable,
  given: { with: Grantee; access: Access },
): Promise<ShareView> {
  return unit(ctx, async (inner) => {
    await loadObject(inner, object, "own");
    const me = memberOf(inner);
    const name = await nameOfGrantee(inner, given.with);
    if (given.with.kind === "member" && given.with.id === me)
      throw appError("invalid_input", { fields: { with: "It is yours already." } });
    const others = await readOne(
      inner,
      sql<{ n: number }>`select count(*)::int as n from share where ${sharesOn(object)}`,
    );
    if ((others?.n ?? 0) >= MOST_SHARES)
      throw appError("quota", { message: `It has ${MOST_SHARES} shares. Share it with a group instead.` });
    const { id, at } = await put(inner, object, given);
    record(inner, {
      event: EVENTS[object.kind],
      resource: { type: object.kind, id: object.id },
      changes: { with: [null, inWords(given.with)], access: [null, given.access] },
    });
    if (object.kind === "document") await showAgain(inner, object.id);
    if (given.with.kind === "member" && given.with.id) {
      const by = await nameOfMember(inner, me);
      await notify(inner, given.with.id, "shared-with-you", {
        by,
        what: object.kind,
        id: object.id,
        access: given.access,
      });
    }
    tellOfDocuments(inner);
    return {
      id,
      with: { ...given.with, name },
      access: given.access,
      since: at.toISOString(),
      inheritedFrom: null,
    };
  });
}

/** Shares a document that was just added, in the open unit of work, with the whole workspace to read. */
export async function shareWithAll(ctx: Ctx, document: string): Promise<void> {
  await put(ctx, { kind: "document", id: document }, { with: { kind: "tenant", id: null }, access: "read" });
}

async function put(
  ctx: Ctx,
  object: Shareable,
  { with: grantee, access }: { with: Grantee; access: Access },
): Promise<{ id: string; at: Date }> {
  const of = (kind: Shareable["kind"]) => (object.kind === kind ? object.id : null);
  const { rows } = await write(
    ctx,
    db
      .insertInto("share")
      .values({
        tenant_id: tenantOf(ctx).id,
        share_id: newId(),
        document_id: of("document"),
        folder_id: of("folder"),
        chat_id: of("chat"),
        member_id: grantee.kind === "member" ? grantee.id : null,
        group_id: grantee.kind === "group" ? grantee.id : null,
        access,
        created_by: memberOf(ctx),
        created_at: ctx.clock(),
      })
      .onConflict((on) =>
        on
          .columns(["tenant_id", "document_id", "folder_id", "chat_id", "member_id", "group_id"])
          .doUpdateSet({ access }),
      )
      .returning(["share_id", "created_at"]),
  );
  const [row] = rows;
  if (!row) throw new Error("a share was not written");
  return { id: row.share_id, at: row.created_at };
}

/** Lets a share of one's own object give more, or less. */
export async function changeShare(ctx: Ctx, id: string, access: Access): Promise<void> {
  await unit(ctx, async (inner) => {
    const { before } = await loadShare(inner, id);
    await write(inner, db.updateTable("share").set({ access }).where("share_id", "=", id));
    record(inner, {
      event: "share.changed",
      resource: { type: "share", id },
      changes: { access: [before, access] },
    });
    tellOfDocuments(inner);
  });
}

/** Takes back what one shared: at once, everywhere. */
export async function endShare(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const { object, grantee, before } = await loadShare(inner, id);
    await write(inner, db.deleteFrom("share").where("share_id", "=", id));
    record(inner, {
      event: "share.ended",
      resource: { type: "share", id },
      changes: {
        of: [`${object.kind} ${object.id}`, null],
        with: [inWords(grantee), null],
        access: [before, null],
      },
    });
    tellOfDocuments(inner);
  });
}

/** A share, for the owner of its object; for everybody else it is not there. Locks it. */
async function loadShare(
  ctx: Ctx,
  id: string,
): Promise<{ object: Shareable; grantee: Grantee; before: Access }> {
  const row = await readOne(ctx, db.selectFrom("share").selectAll().where("share_id", "=", id).forUpdate());
  if (!row) throw appError("not_found");
  const object = objectOf(row);
  const { owner_id } = await loadObject(ctx, object, "read");
  if (owner_id !== memberOf(ctx)) throw appError("not_found");
  return { object, grantee: granteeOf(row), before: row.access };
}

function objectOf(row: {
  document_id: string | null;
  folder_id: string | null;
  chat_id: string | null;
}): Shareable {
  if (row.document_id) return { kind: "document", id: row.document_id };
  if (row.folder_id) return { kind: "folder", id: row.folder_id };
  return { kind: "chat", id: row.chat_id ?? "" };
}

export function granteeOf(row: { member_id: string | null; group_id: string | null }): Grantee {
  if (row.member_id) return { kind: "member", id: row.member_id };
  return row.group_id ? { kind: "group", id: row.group_id } : { kind: "tenant", id: null };
}

const inWords = ({ kind, id }: Grantee): string => (id === null ? kind : `${kind} ${id}`);

/** Throws `invalid_input` for who is no member, or for a group that is not there. */
async function nameOfGrantee(ctx: Ctx, { kind, id }: Grantee): Promise<string> {
  if (kind === "tenant") return "";
  const name = kind === "member" ? await nameOfMember(ctx, id ?? "") : await groupNameOf(ctx, id ?? "");
  if (name === null) throw appError("not_found");
  return name;
}

async function nameOfMember(ctx: Ctx, id: string): Promise<string> {
  const row = await readOne(
    ctx,
    db
      .selectFrom("member")
      .select(["member_id", "name"])
      .where("member_id", "=", id)
      .where("status", "<>", "removed")
      // The operator's staff see what is for everybody, whatever somebody would give them.
      .where("role", "<>", "support"),
  );
  if (!row) throw appError("not_found");
  return openName(await keysOf(ctx), row);
}

// Streams of documents show what changed; for whom it is shared with, it just began to exist.
async function showAgain(ctx: Ctx, document: string): Promise<void> {
  await write(
    ctx,
    db.updateTable("document").set({ updated_at: ctx.clock() }).where("document_id", "=", document),
  );
}

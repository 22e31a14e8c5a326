import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { days, later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { allows } from "../../../kernel/permissions.ts";
import type { Download } from "../../../kernel/routes/contract.ts";
import { checkMayAdd, factorsOf } from "../../identity/factors/policy.ts";
import { openName } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { removeExport } from "./ending.ts";

export type ExportKind = "workspace" | "person";

/** So long an export can be fetched. */
export const KEPT_FOR = days(7);
/** Of one member, of everything: the oldest goes when another is asked for. They take much room. */
const MOST_WHOLE = 2;
/** Of one member, of their own. */
const MOST_OWN = 20;

export const recipientCell = (id: string) => ({ table: "export", column: "recipient", row: id });

export interface Export {
  readonly id: string;
  readonly kind: ExportKind;
  readonly state: "making" | "ready" | "failed" | "ended";
  /** To a key of the asker's. */
  readonly encrypted: boolean;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Of how many documents how many are in finished parts. */
  readonly done: number;
  readonly total: number;
  readonly parts: { readonly no: number; readonly bytes: number; readonly name: string }[];
}

/**
 * Asks for an export: of everything, which every member whose own is in it is told, or of one's own. Its parts are made by
 * a job. Throws `step_up_required`, `wrong_state` for who has asked for many already.
 */
export async function askForExport(
  ctx: Ctx,
  kind: ExportKind,
  recipient: string | null,
): Promise<{ id: string }> {
  return unit(ctx, async (inner) => {
    const me = memberOf(inner);
    // Of everything the route itself asks for a second factor; of one's own also those may ask who have none.
    if (kind === "person") await checkConfirmed(inner);
    await makeRoom(inner, kind, me);
    const id = newId();
    const now = inner.clock();
    const keys = await keysOf(inner);
    const [[count]] = await read(
      inner,
      sql<{ n: number }>`select count(*)::int as n from document
        where tenant_id = ${tenantOf(inner).id} and (${kind === "workspace"} or owner_id = ${me})`,
    );
    await write(
      inner,
      db.insertInto("export").values({
        tenant_id: tenantOf(inner).id,
        export_id: id,
        kind,
        asked_by: me,
        recipient: recipient === null ? null : keys.seal(recipientCell(id), recipient),
        state: "making",
        created_at: now,
        expires_at: later(now, KEPT_FOR),
        total: count?.n ?? 0,
      }),
    );
    record(inner, {
      event: kind === "workspace" ? "workspace.export-asked" : "account.export-asked",
      resource: { type: "export", id },
      changes: { encrypted: [null, recipient !== null] },
    });
    if (kind === "workspace") await tellOwnersOfContent(inner, me);
    await inner.system.jobs.enqueue(inner, "privacy.make-export", id);
    return { id };
  });
}

/** A second factor of the last five minutes; of whoever has none, the password. Throws `step_up_required`. */
const checkConfirmed = async (ctx: Ctx): Promise<void> =>
  checkMayAdd(ctx, await factorsOf(ctx, memberOf(ctx)));

async function makeRoom(ctx: Ctx, kind: ExportKind, memberId: string): Promise<void> {
  const [mine] = await read(
    ctx,
    db
      .selectFrom("export")
      .select("export_id")
      .where("asked_by", "=", memberId)
      .where("kind", "=", kind)
      .orderBy("created_at", "desc")
      .orderBy("export_id", "desc"),
  );
  if (kind === "person" && mine.length >= MOST_OWN)
    throw appError("wrong_state", { message: "You have asked for many exports. End one of them first." });
  if (kind === "workspace")
    for (const { export_id } of mine.slice(MOST_WHOLE - 1)) await removeExport(ctx, export_id);
}

/** It is an access to what is theirs: each of them sees who it was, as with an opening, and the log says so of each. */
async function tellOwnersOfContent(ctx: Ctx, me: string): Promise<void> {
  const [[self], owners] = await read(
    ctx,
    db.selectFrom("member").select(["member_id", "name"]).where("member_id", "=", me),
    sql<{ member_id: string }>`
      select m.member_id from member m where m.tenant_id = ${tenantOf(ctx).id} and m.member_id <> ${me}
        and (exists (select from document d where d.tenant_id = m.tenant_id and d.owner_id = m.member_id)
          or exists (select from chat c where c.tenant_id = m.tenant_id and c.owner_id = m.member_id))`,
  );
  const by = self ? openName(await keysOf(ctx), self) : "";
  for (const { member_id } of owners) {
    record(ctx, { event: "content.exported", resource: { type: "member", id: member_id } });
    await notify(ctx, member_id, "workspace-exported", { by });
  }
}

/** The acting member's own, the newest first. */
export async function listExports(ctx: Ctx): Promise<Export[]> {
  const [rows, parts] = await read(
    ctx,
    db
      .selectFrom("export")
      .selectAll()
      .where("asked_by", "=", memberOf(ctx))
      .orderBy("created_at", "desc")
      .orderBy("export_id", "desc"),
    db
      .selectFrom("export_part")
      .innerJoin("export", (on) =>
        on
          .onRef("export.tenant_id", "=", "export_part.tenant_id")
          .onRef("export.export_id", "=", "export_part.export_id"),
      )
      .where("export.asked_by", "=", memberOf(ctx))
      .select(["export_part.export_id", "export_part.no", "export_part.bytes"])
      .orderBy("export_part.no"),
  );
  const now = ctx.clock();
  return rows.map((row) => ({
    id: row.export_id,
    kind: row.kind,
    state: row.expires_at <= now ? "ended" : row.state,
    encrypted: row.recipient !== null,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    done: row.done,
    total: row.total,
    parts: parts
      .filter((part) => part.export_id === row.export_id)
      .map((part) => ({
        no: part.no,
        bytes: Number(part.bytes),
        name: nameOf(ctx, part.no, row.recipient !== null),
      })),
  }));
}

const nameOf = (ctx: Ctx, no: number, encrypted: boolean): string =>
  `${tenantOf(ctx).slug}-export-${no}.zip${encrypted ? ".age" : ""}`;

/** Loading is authorizing: somebody else's export is not there, nor one of everything for who may take it out no more. */
async function loadExport(ctx: Ctx, id: string) {
  const row = await readOne(
    ctx,
    db.selectFrom("export").selectAll().where("export_id", "=", id).where("asked_by", "=", memberOf(ctx)),
  );
  if (!row) throw appError("not_found");
  if (row.kind === "workspace" && !allows(standingOf(ctx), "tenant.export")) throw appError("forbidden");
  return row;
}

/**
 * A finished part, or the range of it that an HTTP `Range` header names. Each fetch is recorded. Throws `step_up_required`:
 * a cookie that was copied must not take out what its owner asked for.
 */
export async function fetchPart(
  ctx: Ctx,
  id: string,
  no: number,
  range: string | undefined,
): Promise<Download> {
  const { file, bytes, encrypted } = await unit(ctx, async (inner) => {
    await checkConfirmed(inner);
    const row = await loadExport(inner, id);
    if (row.expires_at <= inner.clock()) throw appError("link_invalid");
    const part = await readOne(
      inner,
      db.selectFrom("export_part").selectAll().where("export_id", "=", id).where("no", "=", no),
    );
    if (!part) throw appError("not_found");
    record(inner, {
      event: "export.downloaded",
      resource: { type: "export", id },
      changes: { part: [null, no] },
    });
    return { file: part.file, bytes: Number(part.bytes), encrypted: row.recipient !== null };
  });
  const wanted = rangeOf(range, bytes);
  const stream = await ctx.system.files.open(await keysOf(ctx), file, wanted ?? {});
  const name = nameOf(ctx, no, encrypted);
  if (!wanted) return { stream, name, bytes, ranges: { total: bytes } };
  return { stream, name, bytes: wanted.end - wanted.start, ranges: { ...wanted, total: bytes } };
}

/** The one range of a header (RFC 9110, 14.2); null where there is none that can be served, and all is sent. */
export function rangeOf(header: string | undefined, bytes: number): { start: number; end: number } | null {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return null;
  const start = from === "" ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === "" || to === "" ? bytes : Math.min(bytes, Number(to) + 1);
  return start < end ? { start, end } : null;
}

/** Ends an export before its time: its files go. */
export async function endExport(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    await loadExport(inner, id);
    await removeExport(inner, id);
    record(inner, { event: "export.ended", resource: { type: "export", id } });
  });
}

import { type Ctx, memberOf, type Standing, standingOf } from "../../../kernel/context.ts";
import { enter, readOne } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { allows, type Permission, permissions, rightsOf } from "../../../kernel/permissions.ts";
import { withRights } from "../../identity/roles/acting.ts";
import { roleWords } from "../../identity/roles/service.ts";

export interface Right {
  readonly key: string;
  readonly group: string;
  readonly words: string;
  readonly held: boolean;
  /** Why it is held, or why not, in words. */
  readonly because: string;
}

export interface MemberRights {
  readonly role: { readonly name: string; readonly id: string | null };
  readonly items: Right[];
}

/**
 * What a member may do, and why: every permission that exists in this workspace. One's own, or anybody's for who may
 * change roles. Throws `not_found`, `forbidden`.
 */
export async function memberRights(ctx: Ctx, memberId: string): Promise<MemberRights> {
  await enter(ctx);
  const member = await readOne(ctx, withRights(memberId));
  if (!member || member.status === "removed") throw appError("not_found");
  if (memberId !== memberOf(ctx) && !allows(standingOf(ctx), "member.change-role"))
    throw appError("forbidden");
  const { tenantKind } = standingOf(ctx);
  const name = (await roleWords(ctx))(member);
  const held = rightsOf(member, tenantKind);
  const items = existingIn(tenantKind).map((p) => ({
    key: p.key,
    group: p.group,
    words: p.words,
    held: held.has(p.key),
    because: because(p, held.has(p.key), member.role === "support" ? null : name),
  }));
  return { role: { name, id: member.role_id }, items };
}

/** `role` null: the operator's staff, whose rights come from a grant and from nothing else. */
function because(p: Permission, held: boolean, role: string | null): string {
  if (role === null)
    return held ? "the operator's staff under a support grant" : "not for the operator's staff";
  if (p.always) return "every member";
  return held ? `role “${role}”` : `not in role “${role}”`;
}

// An owner holds everything that there is in a kind of workspace.
function existingIn(kind: Standing["tenantKind"]): Permission[] {
  const all = rightsOf({ role: "owner", granted: null }, kind);
  return permissions().filter((p) => all.has(p.key));
}

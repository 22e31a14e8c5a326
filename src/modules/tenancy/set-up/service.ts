import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { isOutcomeUnknown, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { addressHash } from "../../identity/addresses.ts";
import { mailLink } from "../../identity/links/service.ts";
import { addressCell, nameCell, passwordCell } from "../../identity/members.ts";
import { hashPassword } from "../../identity/passwords/hash.ts";
import { checkPassword } from "../../identity/passwords/policy.ts";
import { foreignContext, insertTenant } from "../tenants/service.ts";

export const OPERATOR_SLUG = "operator";

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Makes a new one-time set-up token, or answers null when the installation has its first owner. */
export async function offerSetUp(system: System): Promise<string | null> {
  const token = randomBytes(24).toString("base64url");
  const { rowCount } = await system.pool.query(
    "update platform.set_up set token_hash = $1 where done_at is null",
    [hashOf(token)],
  );
  return rowCount === 1 ? token : null;
}

export async function isSetUp(system: System): Promise<boolean> {
  const { rows } = await system.pool.query<{ done: boolean }>(
    "select done_at is not null as done from platform.set_up",
  );
  return rows[0]?.done ?? false;
}

/**
 * Makes the operator's own workspace and its first owner, who confirms the address by mail. Of two racing calls
 * one wins. Throws `token_invalid`, `set_up_done`, `password_policy`.
 */
export async function setUp(
  ctx: Ctx,
  input: { token: string; name: string; address: string; password: string; company: string },
): Promise<{ slug: string }> {
  const { rows } = await ctx.system.pool.query<{ done: boolean; right: boolean | null }>(
    "select done_at is not null as done, token_hash = $1 as right from platform.set_up",
    [hashOf(input.token)],
  );
  if (rows[0]?.done) throw appError("set_up_done");
  if (!rows[0]?.right) throw appError("token_invalid");
  checkPassword(input.password, { address: input.address, tenantName: input.company, rule: "composed" });
  const phc = await hashPassword(input.password, ctx.system.config.passwordHash);
  const tenantId = newId();
  await ctx.system.keyring.create(tenantId);
  try {
    await unit(foreignContext(ctx, tenantId, OPERATOR_SLUG), async (inner) => {
      const { count } = await write(
        inner,
        sql`update platform.set_up set done_at = now(), token_hash = null where done_at is null and token_hash = ${hashOf(input.token)}`,
      );
      if (count === 0) throw appError("set_up_done");
      await insertTenant(inner, "operator", input.company);
      await insertOwner(inner, phc, input);
    });
  } catch (error) {
    // A lost connection may have lost only the answer: then the workspace is there and needs its keys.
    if (!isOutcomeUnknown(error)) await ctx.system.keyring.destroy(tenantId);
    throw error;
  }
  return { slug: OPERATOR_SLUG };
}

async function insertOwner(
  ctx: Ctx,
  phc: string,
  { name, address }: { name: string; address: string },
): Promise<void> {
  const keys = await keysOf(ctx);
  const memberId = newId();
  await write(
    ctx,
    db.insertInto("member").values({
      tenant_id: tenantOf(ctx).id,
      member_id: memberId,
      address_hash: addressHash(keys, address),
      address: keys.seal(addressCell(memberId), address),
      name: keys.seal(nameCell(memberId), name),
      password: keys.seal(passwordCell(memberId), phc),
      role: "owner",
    }),
  );
  await mailLink(ctx, "verify", memberId, address);
  record(ctx, { event: "installation.set-up", resource: { type: "member", id: memberId } });
}

import { later, minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { hashToken, newToken } from "../links/tokens.ts";

// Between the two steps of a sign-in, and between a passkey's challenge and its signature, the browser holds a ticket:
// random, good for five minutes and for one purpose, stored hashed, gone once it is spent.

export type Purpose = "second-factor" | "passkey" | "register" | "step-up";

export interface Ticket {
  readonly ticket: string;
  readonly expiresAt: Date;
}

export interface Holder {
  readonly memberId: string | null;
}

/** How long a ticket is good. */
export const LIFE = minutes(5);
// Enough that the table does not grow, few enough that nobody waits for it.
const SWEPT_AT_ONCE = 20;

/** In the open unit of work. */
export async function issueTicket(ctx: Ctx, purpose: Purpose, memberId: string | null): Promise<Ticket> {
  await sweep(ctx);
  const { token, hash } = newToken();
  const expiresAt = later(ctx.clock(), LIFE);
  await write(
    ctx,
    db.insertInto("factor_ticket").values({
      tenant_id: tenantOf(ctx).id,
      ticket_hash: hash,
      purpose,
      member_id: memberId,
      session_id: ctx.actor.kind === "member" ? ctx.actor.sessionId : null,
      expires_at: expiresAt,
    }),
  );
  return { ticket: token, expiresAt };
}

/**
 * Whose ticket this is. Others who come with it wait until this unit of work has ended, so that of two at once one
 * finds it spent. Throws `link_invalid`.
 */
export async function readTicket(ctx: Ctx, purpose: Purpose, ticket: string): Promise<Holder> {
  const { rows } = await write(
    ctx,
    db
      .selectFrom("factor_ticket")
      .select("member_id")
      .where("ticket_hash", "=", hashToken(ticket))
      .where("purpose", "=", purpose)
      .where("session_id", "is not distinct from", sessionOf(ctx))
      .where("expires_at", ">", ctx.clock())
      .forUpdate(),
  );
  return holderOf(rows);
}

/** Takes the ticket: of two who come with it, one gets it. Throws `link_invalid`. */
export async function spendTicket(ctx: Ctx, purpose: Purpose, ticket: string): Promise<Holder> {
  const { rows } = await write(
    ctx,
    db
      .deleteFrom("factor_ticket")
      .where("ticket_hash", "=", hashToken(ticket))
      .where("purpose", "=", purpose)
      .where("session_id", "is not distinct from", sessionOf(ctx))
      .where("expires_at", ">", ctx.clock())
      .returning("member_id"),
  );
  return holderOf(rows);
}

/** Of a member whose password, address or rights to be here changed: what they had begun before is void. */
export async function voidTickets(ctx: Ctx, memberId: string): Promise<void> {
  await write(ctx, db.deleteFrom("factor_ticket").where("member_id", "=", memberId));
}

/**
 * The challenge that a passkey must sign for a ticket (WebAuthn level 3, 13.4.3): only the tenant's key makes it, it is
 * kept nowhere, and it is worth nothing once the ticket is spent.
 */
export async function challengeOf(ctx: Ctx, ticket: string): Promise<Buffer> {
  return (await keysOf(ctx)).lookup("passkey.challenge", ticket);
}

function holderOf(rows: readonly { member_id: string | null }[]): Holder {
  const [row] = rows;
  if (!row)
    throw appError("link_invalid", { message: "This took too long, or was already used. Begin again." });
  return { memberId: row.member_id };
}

const sessionOf = (ctx: Ctx): string | null => (ctx.actor.kind === "member" ? ctx.actor.sessionId : null);

async function sweep(ctx: Ctx): Promise<void> {
  const over = db
    .selectFrom("factor_ticket")
    .select("ticket_hash")
    .where("expires_at", "<=", ctx.clock())
    .limit(SWEPT_AT_ONCE)
    .forUpdate()
    .skipLocked();
  await write(ctx, db.deleteFrom("factor_ticket").where("ticket_hash", "in", over));
}

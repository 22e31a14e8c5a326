import { setTimeout as sleep } from "node:timers/promises";
import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit } from "../../../kernel/database/unit.ts";
import { type AppError, isAppError, refusal } from "../../../kernel/errors.ts";
import { provePasskey } from "../factors/passkey-check.ts";
import { signingOptions } from "../factors/passkey-proof.ts";
import { countUse } from "../factors/passkeys.ts";
import type { RelyingParty } from "../factors/relying-party.ts";
import type { AssertionBody } from "../factors/shapes.ts";
import { challengeOf, issueTicket, spendTicket } from "../factors/tickets.ts";
import { newToken } from "../links/tokens.ts";
import { type OpenSession, startSession } from "../sessions/service.ts";
import { countAttempt, forgetAttempts, lock, MOST_FAILURES, passkeyGuard } from "./lockout.ts";
import { noteTicketNowhere, refusePasskeyNowhere } from "./nowhere.ts";

// A passkey alone: the authenticator holds the key and asks for a finger or a PIN, so that it is two factors by itself.

// No answer comes sooner, so that a workspace that does not exist takes as long as one that does.
const LEAST_MS = 40;

/** A challenge for whichever passkey the person chooses. `asked` is the short name that was asked for. */
export function beginPasskeySignIn(ctx: Ctx, party: RelyingParty, asked: string) {
  return evenly(async () => {
    if (!ctx.tenant) {
      const { token, hash } = newToken();
      noteTicketNowhere(ctx, asked, token);
      return { ticket: token, options: await signingOptions(party, hash) };
    }
    return unit(ctx, async (inner) => {
      const { ticket } = await issueTicket(inner, "passkey", null);
      return { ticket, options: await signingOptions(party, await challengeOf(inner, ticket)) };
    });
  });
}

/**
 * Signs in whoever's passkey signed the challenge. A challenge that is over, a passkey that nobody has here and a wrong
 * signature answer alike. `asked` is the short name that was asked for. Throws `sign_in_failed`, `locked`.
 */
export function signInWithPasskey(
  ctx: Ctx,
  party: RelyingParty,
  ticket: string,
  response: AssertionBody,
  asked: string,
): Promise<OpenSession> {
  return evenly(() => checkAndOpen(ctx, party, ticket, response, asked));
}

async function checkAndOpen(
  ctx: Ctx,
  party: RelyingParty,
  ticket: string,
  response: AssertionBody,
  asked: string,
): Promise<OpenSession> {
  if (!ctx.tenant) throw refusePasskeyNowhere(ctx, asked, ticket, response.id);
  const guard = await passkeyGuard(ctx, response.id);
  const failures = await unit(ctx, async (inner) => {
    // First, and counted only then: invented tickets and passkeys must not fill a table.
    if (!(await isStanding(inner, ticket))) throw refuse(inner, null, "sign_in_failed");
    const attempt = await countAttempt(inner, guard);
    if (attempt.lockedUntil) throw refuse(inner, null, "locked");
    return attempt.failures;
  });
  const proof = await provePasskey(ctx, party, ticket, null, response);
  return unit(ctx, async (inner) => {
    const known = proof && (await mayComeIn(inner, proof.memberId));
    if (!known || !(await countUse(inner, proof.id, proof.counter))) {
      if (failures >= MOST_FAILURES) await lock(inner, guard);
      throw refuse(inner, proof?.memberId ?? null, "sign_in_failed");
    }
    await forgetAttempts(inner, guard);
    const session = await startSession(inner, proof.memberId, "passkey");
    record(inner, {
      event: "session.started",
      resource: { type: "session", id: session.sessionId },
      method: "passkey",
    });
    return session;
  });
}

async function isStanding(ctx: Ctx, ticket: string): Promise<boolean> {
  try {
    await spendTicket(ctx, "passkey", ticket);
    return true;
  } catch (error) {
    if (isAppError(error) && error.code === "link_invalid") return false;
    throw error;
  }
}

async function mayComeIn(ctx: Ctx, memberId: string): Promise<boolean> {
  const [[member]] = await read(
    ctx,
    db
      .selectFrom("member")
      .select("member_id")
      .where("member_id", "=", memberId)
      .where("status", "=", "active")
      .where("verified_at", "is not", null),
  );
  return member !== undefined;
}

function refuse(ctx: Ctx, memberId: string | null, code: "sign_in_failed" | "locked"): AppError {
  record(ctx, {
    event: "session.refused",
    resource: { type: "member", ...(memberId ? { id: memberId } : {}) },
    outcome: "refused",
    method: "passkey",
    changes: { reason: [null, code] },
  });
  return refusal(code, code === "locked" ? { retryAfter: 900 } : {});
}

async function evenly<T>(work: () => Promise<T>): Promise<T> {
  const [outcome] = await Promise.allSettled([work(), sleep(LEAST_MS)]);
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { countGuess, forgetGuesses, type Guess, refuseGuess } from "../factors/guesses.ts";
import { provePasskey } from "../factors/passkey-check.ts";
import { signingOptions } from "../factors/passkey-proof.ts";
import { countUse, knownCredentials } from "../factors/passkeys.ts";
import { type Factors, factorsOf, methodsOf } from "../factors/policy.ts";
import { useRecoveryCode } from "../factors/recovery-codes.ts";
import type { RelyingParty } from "../factors/relying-party.ts";
import type { AssertionBody } from "../factors/shapes.ts";
import { challengeOf, issueTicket, readTicket, spendTicket } from "../factors/tickets.ts";
import { useTotp } from "../factors/totp.ts";
import { notify } from "../notices/service.ts";
import { type Factor, type OpenSession, startSession } from "../sessions/service.ts";

// Behind a right password, for members with a second factor: a ticket, and what it takes to make a session of it.

export interface SecondStep {
  readonly ticket: string;
  readonly methods: Factor[];
  readonly expiresAt: Date;
}

/** What a right password opens: null for a member without a second factor. In the open unit of work. */
export async function askSecondFactor(
  ctx: Ctx,
  memberId: string,
  factors: Factors,
): Promise<SecondStep | null> {
  const methods = methodsOf(factors);
  if (methods.length === 0) return null;
  const step = await issueTicket(ctx, "second-factor", memberId);
  record(ctx, {
    event: "session.second-factor-asked",
    resource: { type: "member", id: memberId },
    method: "password",
  });
  return { ...step, methods };
}

/** Throws `factor_failed`, `locked`, `link_invalid`. */
export async function finishWithCode(
  ctx: Ctx,
  ticket: string,
  method: "totp" | "recovery-code",
  code: string,
): Promise<OpenSession> {
  return unit(withTenant(ctx), async (inner) => {
    const guess = await beginGuess(inner, ticket, method);
    const use = method === "totp" ? useTotp : useRecoveryCode;
    if (!(await use(inner, guess.memberId, code))) throw await refuseGuess(inner, guess);
    return open(inner, ticket, guess);
  });
}

/** A challenge for the passkeys of the member whose ticket this is. Throws `link_invalid`. */
export async function askPasskey(ctx: Ctx, party: RelyingParty, ticket: string) {
  return unit(withTenant(ctx), async (inner) => {
    const { memberId } = await readTicket(inner, "second-factor", ticket);
    const known = await knownCredentials(inner, memberId ?? "");
    return { options: await signingOptions(party, await challengeOf(inner, ticket), known) };
  });
}

/** Throws `factor_failed`, `locked`, `link_invalid`. */
export async function finishWithPasskey(
  ctx: Ctx,
  party: RelyingParty,
  ticket: string,
  response: AssertionBody,
): Promise<OpenSession> {
  const guess = await unit(withTenant(ctx), (inner) => beginGuess(inner, ticket, "passkey"));
  const proof = await provePasskey(ctx, party, ticket, guess.memberId, response);
  return unit(ctx, async (inner) => {
    if (!proof || !(await countUse(inner, proof.id, proof.counter))) throw await refuseGuess(inner, guess);
    return open(inner, ticket, guess);
  });
}

async function beginGuess(ctx: Ctx, ticket: string, method: Factor): Promise<Guess> {
  const { memberId } = await readTicket(ctx, "second-factor", ticket);
  if (!memberId) throw appError("link_invalid");
  return countGuess(ctx, memberId, method, "session.second-factor-refused");
}

async function open(ctx: Ctx, ticket: string, guess: Guess): Promise<OpenSession> {
  const { memberId, method } = guess;
  await spendTicket(ctx, "second-factor", ticket);
  await forgetGuesses(ctx, guess);
  const session = await startSession(ctx, memberId, method);
  if (method === "recovery-code") {
    record(ctx, { event: "factor.recovery-code-used", resource: { type: "member", id: memberId }, method });
    const { recoveryCodes: left } = await factorsOf(ctx, memberId);
    await notify(ctx, memberId, "recovery-code-used", { left });
  }
  record(ctx, {
    event: "session.started",
    resource: { type: "session", id: session.sessionId },
    method: `password and ${method}`,
  });
  return session;
}

// A workspace that does not exist has no tickets.
function withTenant(ctx: Ctx): Ctx {
  if (!ctx.tenant) throw appError("link_invalid");
  return ctx;
}

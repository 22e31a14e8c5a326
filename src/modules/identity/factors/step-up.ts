import { record } from "../../../kernel/audit.ts";
import { type Ctx, standingOf } from "../../../kernel/context.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { confirmSession, type Factor, proveFactor } from "../sessions/service.ts";
import { confirmPassword } from "../sign-in/service.ts";
import { countGuess, forgetGuesses, type Guess, refuseGuess } from "./guesses.ts";
import { provePasskey } from "./passkey-check.ts";
import { signingOptions } from "./passkey-proof.ts";
import { countUse, knownCredentials } from "./passkeys.ts";
import { factorsBehind, factorsOf, hasFactor } from "./policy.ts";
import type { RelyingParty } from "./relying-party.ts";
import type { AssertionBody } from "./shapes.ts";
import { challengeOf, issueTicket, spendTicket } from "./tickets.ts";
import { useTotp } from "./totp.ts";

// Inside a session a second factor is proved again before what is sensitive: five minutes long nothing more is asked.

/** With what the member can confirm, and a challenge for their passkeys; who has no factor gives the password. */
export async function beginStepUp(ctx: Ctx, party: RelyingParty) {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const factors = await factorsOf(inner, memberId);
    if (!hasFactor(factors)) return { methods: ["password" as const], ticket: null, options: null };
    const { totp, passkeys } = factors;
    const methods = [...(passkeys > 0 ? (["passkey"] as const) : []), ...(totp ? (["totp"] as const) : [])];
    if (passkeys === 0) return { methods, ticket: null, options: null };
    const { ticket } = await issueTicket(inner, "step-up", memberId);
    const known = await knownCredentials(inner, memberId);
    return { methods, ticket, options: await signingOptions(party, await challengeOf(inner, ticket), known) };
  });
}

/** Throws `factor_failed`, `locked`. */
export async function stepUpWithTotp(ctx: Ctx, code: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const guess = await countGuess(inner, memberId, "totp", "session.step-up-refused");
    if (!(await useTotp(inner, memberId, code))) throw await refuseGuess(inner, guess);
    await confirm(inner, guess);
  });
}

/** Throws `factor_failed`, `locked`, `link_invalid`. */
export async function stepUpWithPasskey(
  ctx: Ctx,
  party: RelyingParty,
  ticket: string,
  response: AssertionBody,
): Promise<void> {
  const guess = await unit(ctx, async (inner) => {
    await spendTicket(inner, "step-up", ticket);
    return countGuess(inner, standingOf(inner).memberId, "passkey", "session.step-up-refused");
  });
  const proof = await provePasskey(ctx, party, ticket, guess.memberId, response);
  await unit(ctx, async (inner) => {
    if (!proof || !(await countUse(inner, proof.id, proof.counter))) throw await refuseGuess(inner, guess);
    await confirm(inner, guess);
  });
}

/**
 * Of a member who has no second factor yet. It is none: all that it opens is to set up the first one. Throws
 * `sign_in_failed`, `locked`, `wrong_state` for whoever has one.
 */
export async function stepUpWithPassword(ctx: Ctx, password: string): Promise<void> {
  const memberId = await unit(ctx, async (inner) => {
    const me = standingOf(inner).memberId;
    if (hasFactor(await factorsOf(inner, me)))
      throw appError("wrong_state", { message: "Confirm with your second factor." });
    return me;
  });
  const confirmed = await confirmPassword(ctx, memberId, password);
  await unit(ctx, async (inner) => {
    if (!(await factorsBehind(inner, memberId, [confirmed]))) throw appError("signed_out");
    await confirmSession(inner);
    noteStepUp(inner, "password");
  });
}

async function confirm(ctx: Ctx, guess: Guess): Promise<void> {
  await forgetGuesses(ctx, guess);
  await proveFactor(ctx, guess.method);
  noteStepUp(ctx, guess.method);
}

function noteStepUp(ctx: Ctx, method: Factor | "password"): void {
  if (ctx.actor.kind === "member")
    record(ctx, {
      event: "session.stepped-up",
      resource: { type: "session", id: ctx.actor.sessionId },
      method,
    });
}

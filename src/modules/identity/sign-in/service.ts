import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { once, read, readOne, unit, writeSoon } from "../../../kernel/database/unit.ts";
import { type AppError, appError, isAppError, refusal } from "../../../kernel/errors.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import { addressHash } from "../addresses.ts";
import { readSolution } from "../challenges/service.ts";
import { factorsBehind } from "../factors/policy.ts";
import { mailLink } from "../links/service.ts";
import { openAddress, passwordCell } from "../members.ts";
import { knowCosts } from "../passwords/costs.ts";
import { checkNotBusy, hashPassword, verifyPassword } from "../passwords/hash.ts";
import { isOutdated } from "../passwords/stored.ts";
import { type OpenSession, startSession } from "../sessions/service.ts";
import {
  confirmationGuard,
  countAttempt,
  countForNetwork,
  countSignIn,
  forgetAttempts,
  forgetting,
  giveAttemptBack,
  lock,
  MOST_FAILURES,
  networkGuard,
} from "./lockout.ts";
import { refuseNowhere } from "./nowhere.ts";
import { askSecondFactor, type SecondStep } from "./second-step.ts";

/** What a right password opens: a session, or the way to the second step for whoever has a second factor. */
export type SignedIn =
  | { readonly state: "open"; readonly session: OpenSession }
  | ({ readonly state: "second-factor" } & SecondStep);

/**
 * Signs a member in by address and password. A wrong workspace, address or password answer alike and take alike
 * long; `asked` is the short name that was asked for, whether there is such a workspace or not, and `solution` that of
 * its challenge. Throws `challenge_required`, `sign_in_failed`, `locked`, `email_unverified`, `busy`.
 */
export async function signIn(
  ctx: Ctx,
  address: string,
  password: string,
  asked = ctx.tenant?.slug ?? "",
  solution?: string,
): Promise<SignedIn> {
  try {
    return await tryToSignIn(ctx, address, password, asked, solution);
  } catch (error) {
    if (error !== changedMeanwhile) throw error;
    return tryToSignIn(ctx, address, password, asked, solution, true);
  }
}

// The stored password is another one by now: renewed by a sign-in at the same moment, or chosen anew by its owner.
const changedMeanwhile = new Error("the password changed while it was looked at");

async function tryToSignIn(
  ctx: Ctx,
  address: string,
  password: string,
  asked: string,
  solution: string | undefined,
  isLast = false,
): Promise<SignedIn> {
  checkNotBusy();
  await knowCosts(ctx.system);
  const solved = await readSolution(ctx, asked, solution);
  if (!ctx.tenant) return refuseNowhere(ctx, asked, address, password, solved);
  const keys = await keysOf(ctx);
  const hash = addressHash(keys, address);
  const network = await networkGuard(ctx);
  const [[attempt], [found]] = await once(ctx, countSignIn(ctx, hash, network, solved), memberAt({ hash }));
  if (!attempt) throw new Error("an attempt was not counted");
  const known = found && found.status !== "removed" ? found : null;
  // Nobody looked at anything, so there is nothing to record; the page solves one and asks again.
  if (attempt.needs_challenge) throw appError("challenge_required");
  if (attempt.locked_until || attempt.failures > MOST_FAILURES)
    return refuseUnseen(ctx, hash, known?.member_id, attempt.locked_until !== null);
  const stored = known?.password ? keys.openText(passwordCell(known.member_id), known.password) : null;
  const right = await verifyOrGiveBack(ctx, hash, password, stored);
  const renewed = right && stored !== null ? await renewedHash(ctx, password, stored) : null;
  const rehashed = known && renewed ? keys.seal(passwordCell(known.member_id), renewed) : null;

  return unit(ctx, async (inner) => {
    if (!right || known?.status !== "active") {
      if (attempt.failures >= MOST_FAILURES) {
        await lock(inner, hash);
        // Added for unknown addresses too: what happens only for known ones happens in the job.
        await inner.system.jobs.enqueue(inner, mailUnlockLink.name, hash.toString("hex"));
      }
      countForNetwork(inner, network);
      throw await refuse(inner, known?.member_id, "sign_in_failed");
    }
    writeSoon(inner, forgetting(hash));
    if (rehashed) {
      record(inner, { event: "member.password-rehashed", resource: { type: "member", id: known.member_id } });
      writeSoon(
        inner,
        db
          .updateTable("member")
          .set({ password: rehashed })
          .where("member_id", "=", known.member_id)
          // Unless it was changed meanwhile: the password that was given may be the old one.
          .where("password", "=", known.password),
      );
    }
    if (!known.verified_at) {
      await mailLink(inner, "verify", known.member_id, openAddress(keys, known));
      throw await refuse(inner, known.member_id, "email_unverified");
    }
    const factors = await factorsBehind(
      inner,
      known.member_id,
      [known.password, rehashed].filter((cell) => cell !== null),
    );
    if (!factors) throw isLast ? await refuse(inner, known.member_id, "sign_in_failed") : changedMeanwhile;
    const second = await askSecondFactor(inner, known.member_id, factors);
    if (second) return { state: "second-factor", ...second };
    const session = await startSession(inner, known.member_id);
    record(inner, {
      event: "session.started",
      resource: { type: "session", id: session.sessionId },
      method: "password",
    });
    return { state: "open", session };
  });
}

const memberAt = prepare((p: { hash: Buffer }) =>
  db.selectFrom("member").selectAll().where("address_hash", "=", p.hash),
);

/**
 * Checks the password of a signed-in member, with the same cap on guesses. Answers it as stored, by which a later unit
 * of work can tell that it is still the same. Throws `sign_in_failed`, `locked`.
 */
export async function confirmPassword(ctx: Ctx, memberId: string, password: string): Promise<Buffer> {
  const keys = await keysOf(ctx);
  const member = await unit(ctx, async (inner) => {
    const [[found]] = await read(
      inner,
      db.selectFrom("member").selectAll().where("member_id", "=", memberId),
    );
    if (!found?.password) throw appError("sign_in_failed");
    const hash = await confirmationGuard(inner, memberId);
    const attempt = await countAttempt(inner, hash);
    if (attempt.lockedUntil) throw await refuse(inner, memberId, "locked");
    return { hash, password: found.password, failures: attempt.failures };
  });
  const stored = keys.openText(passwordCell(memberId), member.password);
  const right = await verifyOrGiveBack(ctx, member.hash, password, stored);
  await unit(ctx, async (inner) => {
    if (right) return forgetAttempts(inner, member.hash);
    if (member.failures >= MOST_FAILURES) await lock(inner, member.hash);
    throw await refuse(inner, memberId, "sign_in_failed");
  });
  return member.password;
}

/** Without a look at the password: in a pause, or one too many of those that came at once. */
async function refuseUnseen(
  ctx: Ctx,
  hash: Buffer,
  memberId: string | undefined,
  isPaused: boolean,
): Promise<never> {
  return unit(ctx, async (inner) => {
    if (!isPaused) await lock(inner, hash);
    throw await refuse(inner, memberId, "locked");
  });
}

/** The hash to keep from now on, when the stored one is of another kind or weaker than new ones; else null. */
async function renewedHash(ctx: Ctx, password: string, stored: string): Promise<string | null> {
  const { passwordHash } = ctx.system.config;
  if (!isOutdated(stored, passwordHash)) return null;
  // Where bcrypt was chosen, what it would cut off stays as it is. A server too busy for a second hash renews it next time.
  return hashPassword(password, passwordHash).catch((error: unknown) => {
    if (isAppError(error)) return null;
    throw error;
  });
}

// A guess that the server was too busy to look at is not a wrong one.
async function verifyOrGiveBack(
  ctx: Ctx,
  hash: Buffer,
  password: string,
  stored: string | null,
): Promise<boolean> {
  try {
    return await verifyPassword(password, stored, ctx.system.config.passwordHash);
  } catch (error) {
    await unit(ctx, (inner) => giveAttemptBack(inner, hash));
    throw error;
  }
}

async function refuse(
  ctx: Ctx,
  memberId: string | undefined,
  code: "sign_in_failed" | "locked" | "email_unverified",
): Promise<AppError> {
  record(ctx, {
    event: "session.refused",
    resource: { type: "member", ...(memberId ? { id: memberId } : {}) },
    outcome: "refused",
    method: "password",
    changes: { reason: [null, code] },
  });
  return refusal(code, code === "locked" ? { retryAfter: 900 } : {});
}

/** Mails the link that ends a pause early, when the address is a member's. Its id is the address's keyed hash in hex. */
export const mailUnlockLink: JobSpec = {
  name: "identity.mail-unlock-link",
  whileClosing: "whoever is to take their data out must be able to get in",
  concurrency: 1,
  retries: 5,
  run: async (ctx, id) => {
    const hash = Buffer.from(id, "hex");
    const member = await readOne(
      ctx,
      db
        .selectFrom("member")
        .select(["member_id", "address"])
        .where("address_hash", "=", hash)
        .where("status", "=", "active"),
    );
    if (!member) return;
    const keys = await keysOf(ctx);
    await unit(ctx, (inner) => mailLink(inner, "unlock", member.member_id, openAddress(keys, member)));
  },
};

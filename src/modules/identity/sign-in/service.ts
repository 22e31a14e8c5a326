import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, readOne, unit } from "../../../kernel/database/unit.ts";
import { type AppError, appError, refusal } from "../../../kernel/errors.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import { addressHash } from "../addresses.ts";
import { mailLink } from "../links/service.ts";
import { openAddress, passwordCell } from "../members.ts";
import { verifyPassword } from "../passwords/hash.ts";
import { type OpenSession, startSession } from "../sessions/service.ts";
import {
  confirmationGuard,
  countAttempt,
  forgetAttempts,
  giveAttemptBack,
  lock,
  MOST_FAILURES,
} from "./lockout.ts";
import { refuseNowhere } from "./nowhere.ts";

/**
 * Signs a member in by address and password. A wrong workspace, address or password answer alike and take alike
 * long; `asked` is the short name that was asked for, whether there is such a workspace or not. Throws `sign_in_failed`, `locked`, `email_unverified`, `busy`.
 */
export async function signIn(ctx: Ctx, address: string, password: string, asked = ""): Promise<OpenSession> {
  if (!ctx.tenant) return refuseNowhere(ctx, asked, address, password);
  const keys = await keysOf(ctx);
  const hash = addressHash(keys, address);
  const member = await unit(ctx, async (inner) => {
    const attempt = await countAttempt(inner, hash);
    const [[found]] = await read(inner, db.selectFrom("member").selectAll().where("address_hash", "=", hash));
    if (attempt.lockedUntil) throw await refuse(inner, found?.member_id, "locked");
    return found && found.status !== "removed"
      ? { ...found, failures: attempt.failures }
      : { failures: attempt.failures };
  });
  const known = "member_id" in member ? member : null;
  const stored = known?.password ? keys.openText(passwordCell(known.member_id), known.password) : null;
  const right = await verifyOrGiveBack(ctx, hash, password, stored);

  return unit(ctx, async (inner) => {
    if (!right || known?.status !== "active") {
      if (member.failures >= MOST_FAILURES) {
        await lock(inner, hash);
        // Added for unknown addresses too: what happens only for known ones happens in the job.
        await inner.system.jobs.enqueue(inner, mailUnlockLink.name, hash.toString("hex"));
      }
      throw await refuse(inner, known?.member_id, "sign_in_failed");
    }
    await forgetAttempts(inner, hash);
    if (!known.verified_at) {
      await mailLink(inner, "verify", known.member_id, openAddress(keys, known));
      throw await refuse(inner, known.member_id, "email_unverified");
    }
    const session = await startSession(inner, known.member_id);
    record(inner, {
      event: "session.started",
      resource: { type: "session", id: session.sessionId },
      method: "password",
    });
    return session;
  });
}

/** Checks the password of a signed-in member, with the same cap on guesses. Throws `sign_in_failed`, `locked`. */
export async function confirmPassword(ctx: Ctx, memberId: string, password: string): Promise<void> {
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
}

// A guess that the server was too busy to look at is not a wrong one.
async function verifyOrGiveBack(
  ctx: Ctx,
  hash: Buffer,
  password: string,
  stored: string | null,
): Promise<boolean> {
  try {
    return await verifyPassword(password, stored);
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

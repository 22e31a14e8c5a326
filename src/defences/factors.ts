import type { Defence } from "./defence.ts";

const factors = "src/modules/identity/factors";
const standing = "src/kernel/standing.ts";

/** Of second factors: codes, passkeys, and how fresh a proof must be. */
export const factorDefences: readonly Defence[] = [
  {
    words: "a code's time step is compared with the one that was used last",
    claim: "identity.totp",
    file: `${factors}/totp.ts`,
    text: 'on.or([on("last_step", "is", null), on("last_step", "<", step)])',
    without: 'on.or([on("last_step", "is", null), on("last_step", ">", 0)])',
  },
  {
    words: "a code is right for one step before and after",
    claim: "identity.totp",
    file: `${factors}/totp-code.ts`,
    text: "const WINDOW = 1;",
    without: "const WINDOW = 2;",
  },
  {
    words: "a pause after wrong codes holds for the right one, too",
    claim: "identity.totp",
    file: `${factors}/guesses.ts`,
    text: 'if (lockedUntil) throw refused(ctx, guess, "locked");',
    without: "",
  },
  {
    words: "a recovery code works once",
    claim: "identity.totp",
    file: `${factors}/recovery-codes.ts`,
    text: '      .where("code_hash", "=", hashOf(keys, memberId, code))\n      .where("used_at", "is", null),',
    without: '      .where("code_hash", "=", hashOf(keys, memberId, code)),',
  },
  {
    words: "a role that needs a second factor reaches nothing before there is one",
    claim: "identity.totp",
    file: standing,
    text: 'if (!asked.beforeFactor && lacksFactor(standing, now)) throw appError("factor_required");',
    without: "",
  },
  {
    words: "a workspace can ask a second factor of all",
    claim: "identity.totp",
    file: standing,
    text: " || (from !== null && from <= now)",
    without: " && from !== undefined",
  },
  {
    words: "the last factor of who must have one is not removed",
    claim: "identity.totp",
    file: `${factors}/policy.ts`,
    text: "if (!hasFactor(after) && isFactorDue(standingOf(ctx), ctx.clock()))",
    without: "if (!hasFactor(after) && standingOf(ctx) === null)",
  },
  {
    words: "a challenge ends with its first use",
    claim: "identity.passkeys",
    file: "src/modules/identity/sign-in/passkey.ts",
    text: "if (!(await isStanding(inner, ticket))) throw",
    without: "if (!(await isStanding(inner, ticket)) && !inner.tenant) throw",
  },
  {
    words: "a passkey signs only after a finger or a PIN",
    claim: "identity.passkeys",
    file: `${factors}/passkey-proof.ts`,
    text: "credential,\n      requireUserVerification: true,",
    without: "credential,\n      requireUserVerification: false,",
  },
  {
    words: "a new passkey is registered at this site",
    claim: "identity.passkeys",
    file: `${factors}/passkey-proof.ts`,
    text: "expectedOrigin: party.origin,\n      expectedRPID: party.id,\n      requireUserVerification: true,",
    without:
      'expectedOrigin: [party.origin, "https://x.example"],\n      expectedRPID: party.id,\n      requireUserVerification: true,',
  },
  {
    words: "behind a password only that member's passkeys count",
    claim: "identity.passkeys",
    file: `${factors}/passkey-check.ts`,
    text: "if (!known || (memberId !== null && known.memberId !== memberId)) return null;",
    without: "if (!known) return null;",
  },
  {
    words: "one renames one's own passkeys only",
    claim: "identity.passkeys",
    file: `${factors}/passkeys.ts`,
    text: '        .where("passkey_id", "=", id)\n        .where("member_id", "=", standingOf(inner).memberId)\n',
    without: '        .where("passkey_id", "=", id)\n',
  },
  {
    words: "a suspended member does not come in with a passkey",
    claim: "identity.passkeys",
    file: "src/modules/identity/sign-in/passkey.ts",
    text: '      .where("status", "=", "active")\n',
    without: "",
  },
  {
    words: "what is sensitive asks how old the second factor is",
    claim: "identity.step-up",
    file: standing,
    text: 'if (asked.fresh && !isFresh(standing, now)) throw appError("step_up_required");',
    without: "",
  },
  {
    words: "a second factor is fresh for five minutes",
    claim: "identity.step-up",
    file: standing,
    text: "export const FRESH = minutes(5);",
    without: "export const FRESH = minutes(50);",
  },
  {
    words: "a factor is added beside another only with a fresh one",
    claim: "identity.step-up",
    file: `${factors}/policy.ts`,
    text: '  if (hasFactor(factors)) throw appError("step_up_required");\n',
    without: "  if (hasFactor(factors)) return;\n",
  },
  {
    words: "the first factor is set up only with a password of the last five minutes",
    claim: "identity.step-up",
    file: `${factors}/policy.ts`,
    text: "  if (!(await isConfirmed(ctx)))\n",
    without: "  if (!ctx.tenant)\n",
  },
  {
    words: "the policy of signing in is changed with a fresh factor",
    claim: "identity.step-up",
    file: "src/modules/tenancy/policy/routes.ts",
    text: "    fresh: true,\n",
    without: "",
  },
];

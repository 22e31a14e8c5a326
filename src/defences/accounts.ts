import type { Defence } from "./defence.ts";

const resets = "src/modules/identity/resets/service.ts";
const changes = "src/modules/identity/address-changes/service.ts";

/** Of forgotten passwords, changes of address, and what a password must be. */
export const accountDefences: readonly Defence[] = [
  {
    words: "asking for a new password takes alike long, whatever is there",
    claim: "identity.lockout",
    part: "time-of-resets",
    file: "src/modules/identity/resets/evenly.ts",
    text: "    await sleep(STEP_MS - ((performance.now() - began) % STEP_MS));\n",
    without: "",
  },
  {
    words: "a link to a new password is mailed to active members only",
    claim: "identity.lockout",
    part: "resets",
    file: resets,
    text: '          .where("status", "=", "active")\n          // Two of these jobs at once must leave one link.',
    without: '          .where("status", "<>", "removed")\n',
  },
  {
    words: "a new password by mail ends all sessions",
    claim: "identity.session-revocation",
    part: "resets",
    file: resets,
    text: '    await endSessions(inner, { memberId }, "password reset");\n',
    without: "",
  },
  {
    words: "only the newest link to a new password works",
    claim: "identity.session-revocation",
    part: "resets",
    file: resets,
    text: '      await voidLinks(inner, member.member_id, ["reset"]);\n',
    without: "",
  },
  {
    words: "a mailed link works once",
    claim: "identity.session-revocation",
    part: "resets",
    file: "src/modules/identity/links/service.ts",
    text: '      .where("token_hash", "=", hash)\n      .where("purpose", "=", purpose)\n      .where("used_at", "is", null)\n',
    without: '      .where("token_hash", "=", hash)\n      .where("purpose", "=", purpose)\n',
  },
  {
    words: "a new password by mail is recorded",
    claim: "identity.login-audit",
    file: resets,
    text: 'event: "account.password-reset"',
    without: 'event: "account.seen"',
  },
  {
    words: "a new address opens nothing before it is confirmed",
    claim: "identity.email-verification",
    part: "new-address",
    file: changes,
    text: "    const { language } = await preferencesOf(inner, me);\n",
    without:
      "    const { language } = await preferencesOf(inner, me);\n    if (!taken) await giveAddress(inner, keys, me, address);\n",
  },
  {
    words: "an address that a colleague has answers like one that is free",
    claim: "identity.email-verification",
    part: "new-address",
    file: changes,
    text: "    await cancelChanges(inner, me);\n",
    without: '    if (taken) throw appError("already_member");\n    await cancelChanges(inner, me);\n',
  },
  {
    words: "taking a change of address back ends all sessions",
    claim: "identity.email-verification",
    part: "new-address",
    file: changes,
    text: '    await endSessions(inner, { memberId }, "address change undone");\n',
    without: "",
  },
  {
    words: "nobody is brought along before an owner who is told of it",
    claim: "identity.invitations",
    file: "src/modules/tenancy/imports/service.ts",
    text: "      await checkOwner(tenant);\n",
    without: "      void checkOwner;\n",
  },
  {
    words: "a password by mail keeps the rules of the workspace",
    claim: "identity.password-policy",
    file: resets,
    text: "  checkPassword(password, {",
    without: "  void (() => checkPassword)();\n  void ({",
  },
  {
    words: "a passphrase has 15 characters",
    claim: "identity.password-policy",
    file: "src/modules/identity/passwords/policy.ts",
    text: "export const LEAST_PASSPHRASE = 15;",
    without: "export const LEAST_PASSPHRASE = 12;",
  },
  {
    words: "a passphrase does not say one piece again and again",
    claim: "identity.password-policy",
    file: "src/modules/identity/passwords/policy.ts",
    text: "periodOf(characters) <= MOST_REPEATED || ",
    without: "",
  },
  {
    words: "taking a change of address back takes the factors back that came with it",
    claim: "identity.email-verification",
    part: "new-address",
    file: changes,
    text: "    await forgetFactorsSince(inner, memberId, change.createdAt);\n",
    without: "    void forgetFactorsSince;\n",
  },
];

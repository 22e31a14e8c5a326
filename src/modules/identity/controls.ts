import type { Control } from "../../kernel/controls.ts";
import type { Stage } from "../trust/stage/stage.ts";
import { apiKeysCheck } from "./checks/api-keys.ts";
import { checkInvitations } from "./checks/invitations.ts";
import { lockoutCheck } from "./checks/lockout.ts";
import { checkLoginAudit } from "./checks/login-audit.ts";
import { passkeysCheck } from "./checks/passkeys.ts";
import { checkPasswordHash } from "./checks/password-hash.ts";
import { checkPasswordPolicy } from "./checks/password-policy.ts";
import { revocationCheck } from "./checks/revocation.ts";
import { checkSessions } from "./checks/sessions.ts";
import { checkSlugLogin } from "./checks/slug-login.ts";
import { checkStepUp } from "./checks/step-up.ts";
import { totpCheck } from "./checks/totp.ts";
import { verificationCheck } from "./checks/verification.ts";

export const identityControls: readonly Control<Stage>[] = [
  {
    id: "identity.password-policy",
    kind: "tested",
    removed: "the list of common passwords",
    check: checkPasswordPolicy,
  },
  {
    id: "identity.password-hash",
    kind: "tested",
    removed: "the renewal of hashes from elsewhere",
    check: checkPasswordHash,
  },
  {
    id: "identity.lockout",
    kind: "tested",
    removed: "the count of failures",
    ...lockoutCheck,
  },
  {
    id: "identity.login-audit",
    kind: "tested",
    removed: "the record of a refused sign-in",
    check: checkLoginAudit,
  },
  {
    id: "identity.totp",
    kind: "tested",
    removed: "the comparison with the time step that was used last",
    ...totpCheck,
  },
  {
    id: "identity.passkeys",
    kind: "tested",
    removed: "the end of a challenge with its first use",
    ...passkeysCheck,
  },
  {
    id: "identity.step-up",
    kind: "tested",
    removed: "the question how old the second factor is",
    check: checkStepUp,
  },
  {
    id: "identity.sessions",
    kind: "tested",
    removed: "the end of the family when a refresh token is reused",
    check: checkSessions,
  },
  {
    id: "identity.session-revocation",
    kind: "tested",
    removed: "the question to the database whether the session stands",
    ...revocationCheck,
  },
  {
    id: "identity.email-verification",
    kind: "tested",
    removed: "the condition in sign-in and in the entry of every unit of work",
    ...verificationCheck,
  },
  {
    id: "identity.invitations",
    kind: "tested",
    removed: "the single use of the link",
    check: checkInvitations,
  },
  {
    id: "identity.slug-login",
    kind: "tested",
    removed: "the workspace in the token",
    check: checkSlugLogin,
  },
  {
    id: "connectors.api-keys",
    kind: "tested",
    removed: "the scope of a key, its end, and the end of its owner",
    ...apiKeysCheck,
  },
];

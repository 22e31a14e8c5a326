import type { Control } from "../../kernel/controls.ts";
import type { Stage } from "../trust/stage/stage.ts";
import { checkInvitations } from "./checks/invitations.ts";
import { checkLockout } from "./checks/lockout.ts";
import { checkLoginAudit } from "./checks/login-audit.ts";
import { checkPasswordPolicy } from "./checks/password-policy.ts";
import { checkRevocation } from "./checks/revocation.ts";
import { checkSessions } from "./checks/sessions.ts";
import { checkSlugLogin } from "./checks/slug-login.ts";
import { checkVerification } from "./checks/verification.ts";

export const identityControls: readonly Control<Stage>[] = [
  {
    id: "identity.password-policy",
    kind: "tested",
    removed: "the list of common passwords",
    check: checkPasswordPolicy,
  },
  {
    id: "identity.lockout",
    kind: "tested",
    removed: "the count of failures",
    check: checkLockout,
  },
  {
    id: "identity.login-audit",
    kind: "tested",
    removed: "the record of a refused sign-in",
    check: checkLoginAudit,
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
    check: checkRevocation,
  },
  {
    id: "identity.email-verification",
    kind: "tested",
    removed: "the condition in sign-in and in the entry of every unit of work",
    check: checkVerification,
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
];

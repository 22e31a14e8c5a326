import type { Routes } from "../../kernel/routes/contract.ts";
import { accountRoutes } from "./accounts/routes.ts";
import { addressChangeRoutes } from "./address-changes/routes.ts";
import { challengeRoutes } from "./challenges/routes.ts";
import { passkeyRoutes } from "./factors/passkey-routes.ts";
import { factorRoutes } from "./factors/routes.ts";
import { invitationRoutes } from "./invitations/routes.ts";
import { linkRoutes } from "./links/routes.ts";
import { noticeRoutes } from "./notices/routes.ts";
import { resetRoutes } from "./resets/routes.ts";
import { roleRoutes } from "./roles/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { signInRoutes } from "./sign-in/routes.ts";

export function identityRoutes(routes: Routes): void {
  sessionRoutes(routes);
  challengeRoutes(routes);
  signInRoutes(routes);
  accountRoutes(routes);
  addressChangeRoutes(routes);
  resetRoutes(routes);
  noticeRoutes(routes);
  factorRoutes(routes);
  passkeyRoutes(routes);
  invitationRoutes(routes);
  linkRoutes(routes);
  roleRoutes(routes);
}

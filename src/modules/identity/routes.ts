import type { Routes } from "../../kernel/routes/contract.ts";
import { accountRoutes } from "./accounts/routes.ts";
import { invitationRoutes } from "./invitations/routes.ts";
import { linkRoutes } from "./links/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";

export function identityRoutes(routes: Routes): void {
  sessionRoutes(routes);
  accountRoutes(routes);
  invitationRoutes(routes);
  linkRoutes(routes);
}

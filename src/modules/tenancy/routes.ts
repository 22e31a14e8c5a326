import type { Routes } from "../../kernel/routes/contract.ts";
import { memberRoutes } from "./members/routes.ts";
import { setUpRoutes } from "./set-up/routes.ts";
import { tenantRoutes } from "./tenants/routes.ts";

export function tenancyRoutes(routes: Routes): void {
  setUpRoutes(routes);
  memberRoutes(routes);
  tenantRoutes(routes);
}

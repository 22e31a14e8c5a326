import type { Routes } from "../../kernel/routes/contract.ts";
import { closingRoutes } from "./closing/routes.ts";
import { groupRoutes } from "./groups/routes.ts";
import { handOverRoutes } from "./hand-over/routes.ts";
import { importRoutes } from "./imports/routes.ts";
import { memberRoutes } from "./members/routes.ts";
import { openingRoutes } from "./openings/routes.ts";
import { policyRoutes } from "./policy/routes.ts";
import { setUpRoutes } from "./set-up/routes.ts";
import { supportRoutes } from "./support/routes.ts";
import { tenantRoutes } from "./tenants/routes.ts";

export function tenancyRoutes(routes: Routes): void {
  setUpRoutes(routes);
  memberRoutes(routes);
  groupRoutes(routes);
  openingRoutes(routes);
  handOverRoutes(routes);
  tenantRoutes(routes);
  policyRoutes(routes);
  importRoutes(routes);
  supportRoutes(routes);
  closingRoutes(routes);
}

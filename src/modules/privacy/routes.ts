import type { Routes } from "../../kernel/routes/contract.ts";
import { erasureRoutes } from "./erasure/routes.ts";
import { exportRoutes } from "./export/routes.ts";
import { retentionRoutes } from "./retention/routes.ts";

export function privacyRoutes(routes: Routes): void {
  exportRoutes(routes);
  erasureRoutes(routes);
  retentionRoutes(routes);
}

import type { Routes } from "../../kernel/routes/contract.ts";
import "./permissions.ts";
import { binRoutes } from "./bin/routes.ts";
import { documentRoutes } from "./documents/routes.ts";
import { folderRoutes } from "./folders/routes.ts";
import { savedSearchRoutes } from "./saved-searches/routes.ts";
import { searchRoutes } from "./search-routes.ts";
import { shareRoutes } from "./sharing/routes.ts";
import { storageRoutes } from "./storage/routes.ts";
import { uploadRoutes } from "./uploads/routes.ts";

/** Documents, their versions, uploads, folders, the bin, what all that takes, shares, and search. */
export function knowledgeRoutes(routes: Routes): void {
  documentRoutes(routes);
  uploadRoutes(routes);
  folderRoutes(routes);
  binRoutes(routes);
  storageRoutes(routes);
  shareRoutes(routes);
  savedSearchRoutes(routes);
  searchRoutes(routes);
}

import { accountDefences } from "./defences/accounts.ts";
import { auditLogDefences } from "./defences/audit-log.ts";
import type { Defence } from "./defences/defence.ts";
import { everywhereDefences } from "./defences/everywhere.ts";
import { factorDefences } from "./defences/factors.ts";
import { libraryDefences } from "./defences/library.ts";
import { packedDefences } from "./defences/packed-files.ts";
import { passwordDefences } from "./defences/passwords.ts";
import { publicPageDefences } from "./defences/public-page.ts";
import { readingDefences } from "./defences/reading-files.ts";
import { referenceDefences } from "./defences/references.ts";
import { roleDefences } from "./defences/roles.ts";
import { searchDefences } from "./defences/search.ts";
import { sharingDefences } from "./defences/sharing.ts";
import { skeletonDefences } from "./defences/skeleton.ts";

/** Removed one at a time by `falsify`; a removal that no claim notices fails it. */
export const defences: readonly Defence[] = [
  ...skeletonDefences,
  ...searchDefences,
  ...sharingDefences,
  ...libraryDefences,
  ...accountDefences,
  ...factorDefences,
  ...passwordDefences,
  ...roleDefences,
  ...referenceDefences,
  ...auditLogDefences,
  ...publicPageDefences,
  ...packedDefences,
  ...readingDefences,
  ...everywhereDefences,
];

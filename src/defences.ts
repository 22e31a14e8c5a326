import { accountDefences } from "./defences/accounts.ts";
import { attackBeyondDefences } from "./defences/attack-beyond.ts";
import { auditLogDefences } from "./defences/audit-log.ts";
import { backupDefences } from "./defences/backups.ts";
import type { Defence } from "./defences/defence.ts";
import { everywhereDefences } from "./defences/everywhere.ts";
import { factorDefences } from "./defences/factors.ts";
import { falsifiableDefences } from "./defences/falsifiable.ts";
import { infrastructureDefences } from "./defences/infrastructure.ts";
import { keyDefences } from "./defences/keys.ts";
import { libraryDefences } from "./defences/library.ts";
import { lifecycleDefences } from "./defences/lifecycle.ts";
import { liveAttackDefences } from "./defences/live-attacks.ts";
import { moveDefences } from "./defences/moves.ts";
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
  ...liveAttackDefences,
  ...packedDefences,
  ...readingDefences,
  ...everywhereDefences,
  ...infrastructureDefences,
  ...lifecycleDefences,
  ...keyDefences,
  ...backupDefences,
  ...moveDefences,
  ...falsifiableDefences,
  ...attackBeyondDefences,
];

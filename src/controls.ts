import type { Control } from "./kernel/controls.ts";
import { identityControls } from "./modules/identity/controls.ts";
import { knowledgeControls } from "./modules/knowledge/controls.ts";
import { auditControls } from "./modules/operations/audit/controls.ts";
import { backupControls } from "./modules/operations/backup/controls.ts";
import { keyControls } from "./modules/operations/keys/controls.ts";
import { privacyControls } from "./modules/privacy/controls.ts";
import { tenancyControls } from "./modules/tenancy/controls.ts";
import { attackControls, withAttack } from "./modules/trust/attack/controls.ts";
import { dumpControls } from "./modules/trust/controls/dump.ts";
import { httpControls } from "./modules/trust/controls/http.ts";
import { tlsControls } from "./modules/trust/controls/tls.ts";
import { everywhereControls } from "./modules/trust/everywhere/control.ts";
import { falsifiableControls } from "./modules/trust/falsifiable/control.ts";
import { liveControl } from "./modules/trust/live/checks.ts";
import { pageControls } from "./modules/trust/public-page/checks.ts";
import type { Stage } from "./modules/trust/stage/stage.ts";

/** Every control of the product. A claim of the catalogue without one is "not done". */
export const allControls: readonly Control<Stage>[] = [
  ...[...tenancyControls, ...identityControls].map(withAttack),
  ...attackControls,
  ...httpControls.map(withAttack),
  ...tlsControls,
  ...knowledgeControls.map(withAttack),
  ...everywhereControls.map(withAttack),
  ...dumpControls,
  ...auditControls,
  ...privacyControls,
  ...keyControls,
  ...backupControls,
  ...pageControls,
  ...falsifiableControls,
  liveControl,
];

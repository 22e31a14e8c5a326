import { days } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { isSetUp } from "../../tenancy/set-up/service.ts";
import { oneAtATime } from "../runs/one-at-a-time.ts";
import { watchDecoys } from "./decoys.ts";
import { fillCanary } from "./fill.ts";
import { type Canary, readCanaries } from "./store.ts";
import { makeTenants } from "./tenants.ts";

const LOCK = 7_234_011_931;
// Of the 90 days that a key is good for.
const KEYS_LAST = days(80);

/**
 * Sees to it that both canaries are there, filled by this version and with keys that are good; a new version may need
 * things of new kinds. Does nothing before the installation is set up, and in all processes but one. Answers whether
 * they are ready.
 */
export async function ensureCanaries(system: System, url: string): Promise<boolean> {
  if (!(await isSetUp(system))) return false;
  await oneAtATime(system, LOCK, async () => {
    await makeTenants(system);
    await watchDecoys(system);
    for (const canary of await readCanaries(system))
      if (isDue(system, canary)) await fillCanary(system, url, canary);
  });
  await watchDecoys(system);
  const canaries = await readCanaries(system);
  return canaries.length === 2 && canaries.every(({ version }) => version !== null);
}

function isDue(system: System, { version, secrets }: Canary): boolean {
  const madeAt = Date.parse(secrets.keysMadeAt ?? "");
  return version !== system.version || !(system.clock().getTime() - madeAt < KEYS_LAST);
}

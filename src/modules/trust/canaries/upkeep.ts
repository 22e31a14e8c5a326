import { days } from "../../../kernel/clock.ts";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import type { System } from "../../../kernel/system.ts";
import { isSetUp } from "../../tenancy/set-up/service.ts";
import { watchDecoys } from "./decoys.ts";
import { each, fillCanary } from "./fill.ts";
import { type Canary, readCanaries } from "./store.ts";
import { makeTenants } from "./tenants.ts";

const LOCK = 7_234_011_933;
// Of the 90 days that a key is good for.
const KEYS_LAST = days(80);

/**
 * Sees to it that both canaries are there, filled by this version and with keys that are good; a new version may need
 * things of new kinds. `gently`: one thing after the other, beside people who work. Does nothing before the installation
 * is set up, and in all processes but one. Answers whether they are ready.
 */
export async function ensureCanaries(
  system: System,
  url: string,
  { gently = true }: { gently?: boolean } = {},
): Promise<boolean> {
  if (!(await isSetUp(system))) return false;
  await oneAtATime(system, LOCK, async () => {
    await makeTenants(system);
    await watchDecoys(system);
    const due = (await readCanaries(system)).filter((canary) => isDue(system, canary));
    await each(due, gently, (canary) => fillCanary(system, url, canary, gently));
  });
  await watchDecoys(system);
  const canaries = await readCanaries(system);
  return canaries.length === 2 && canaries.every(({ version }) => version !== null);
}

function isDue(system: System, { version, secrets }: Canary): boolean {
  const madeAt = Date.parse(secrets.keysMadeAt ?? "");
  return version !== system.version || !(system.clock().getTime() - madeAt < KEYS_LAST);
}

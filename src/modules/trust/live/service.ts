import type { ClassName } from "../../../../attacker/contract.ts";
import { minutes } from "../../../kernel/clock.ts";
import { oneAtATime } from "../../../kernel/database/one-at-a-time.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../../operations/alerts/service.ts";
import { attackCanaries } from "../canaries/attack.ts";
import { renewPerished } from "../canaries/perishable.ts";
import { readCanaries } from "../canaries/store.ts";
import { ensureCanaries } from "../canaries/upkeep.ts";
import { breachedIn, inconclusiveLately, type StoredAttack, storeAttack } from "./store.ts";

const LOCK = 7_234_011_932;
// A few requests a second: what one person clicking quickly would make.
const PER_SECOND = 6;

/**
 * Attacks the running server at `url` with what cannot hurt it, keeps what came of it, and then tells whoever must know.
 * In one process of several; answers null where another is at it, or there are no canaries yet.
 */
export async function attackLive(
  system: System,
  url: string,
  { perSecond = PER_SECOND, only }: { perSecond?: number; only?: readonly ClassName[] } = {},
): Promise<StoredAttack | null> {
  if (!(await ensureCanaries(system, url))) return null;
  let stored: StoredAttack | null = null;
  await oneAtATime(system, LOCK, async () => {
    for (const canary of await readCanaries(system)) await renewPerished(system, url, canary);
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    const ledger = await attackCanaries(system, url, {
      harmless: true,
      perSecond,
      ...(only ? { only } : {}),
    });
    const used = process.cpuUsage(cpu);
    const cpuMs = Math.round((used.user + used.system) / 1000);
    const every = Math.max(minutes(system.config.attackEveryMinutes), performance.now() - began);
    stored = await storeAttack(system, "live", ledger, { cost: { cpuMs, share: cpuMs / every } });
    await tell(system, stored);
  });
  return stored;
}

async function tell(system: System, { at, summary }: StoredAttack): Promise<void> {
  const got = breachedIn(summary);
  if (got > 0)
    await alertOperator(system, {
      kind: "attack.breached",
      subject: "An attempt of the live attack got through",
      text: `${got} of ${summary.attempts} attempts got through, at ${at.toISOString()}: ${summary.breached.map((one) => `${one.claim} (${one.class})`).join(", ")}. The public security page says so, without how. What exactly got through stands in Settings, Attacks.`,
    });
  const lately = await inconclusiveLately(system, OPEN_RUNS);
  if (lately.length === OPEN_RUNS && lately.every((open) => open > 0))
    await alertOperator(system, {
      kind: "attack.inconclusive",
      subject: "The live attack keeps being inconclusive",
      text: `In each of the last ${OPEN_RUNS} attacks some attempts could not be judged, ${summary.inconclusive} in the last: the server was too busy, or something that the attack needs is gone. What exactly stands in Settings, Attacks.`,
    });
}

// More than two in a row.
const OPEN_RUNS = 3;

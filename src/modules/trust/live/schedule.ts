import { minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../../operations/alerts/service.ts";
import { ensureCanaries } from "../canaries/upkeep.ts";
import { attackLive } from "./service.ts";

// After the first page has been served, and the checks' own start.
const FIRST_AFTER = minutes(0.75);
const LOOK_EVERY = minutes(1);
/** By so much of it, sooner or later: nobody should know when the next one comes. */
const JITTER = 0.25;

/** Makes the canaries and attacks every so often (ATTACK_EVERY_MINUTES; 0: never, with canaries all the same). Answers how to stop. */
export function keepAttacking(system: System): () => Promise<void> {
  const every = minutes(system.config.attackEveryMinutes);
  let running: Promise<unknown> | null = null;
  let stopped = false;
  // Until the database has been asked when the last one was.
  let due: number | null = null;
  const look = () => {
    if (running || stopped) return;
    running = attackIfDue()
      .catch(async (error: unknown) => {
        if (stopped) return;
        system.log.error({ err: error }, "the live attack could not be run");
        due = system.clock().getTime() + minutes(10);
        await alertOperator(system, {
          kind: "attack.failed",
          subject: "The live attack could not be run",
          text: "It is tried again in ten minutes. The log says why it failed; the public security page turns grey after three hours.",
        });
      })
      .finally(() => {
        running = null;
      });
  };
  const attackIfDue = async () => {
    const url = addressOf(system);
    if (url === null) return;
    if (!(await ensureCanaries(system, url)) || every === 0) return;
    due ??= (await lastAt(system)) + every;
    if (system.clock().getTime() < due) return;
    await attackLive(system, url);
    due = system.clock().getTime() + every * (1 + JITTER * (2 * Math.random() - 1));
  };
  const first = setTimeout(look, FIRST_AFTER).unref();
  const timer = setInterval(look, LOOK_EVERY).unref();
  return async () => {
    stopped = true;
    clearTimeout(first);
    clearInterval(timer);
  };
}

/** Where this very process answers; with TLS of its own, by the name that its certificate is for. */
function addressOf(system: System): string | null {
  const { address, origin } = system;
  if (address.current?.startsWith("http:")) return address.current;
  return /^https?:\/\/./.test(origin.current) ? origin.current : null;
}

async function lastAt(system: System): Promise<number> {
  const { rows } = await system.pool.query<{ at: Date }>(
    "select at from platform.attack_run where kind = 'live' order by at desc limit 1",
  );
  return rows[0]?.at.getTime() ?? 0;
}

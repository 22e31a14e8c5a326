import type { Ledger } from "../../attacker/contract.ts";
import { createApp } from "../app.ts";
import { systemClock } from "../kernel/clock.ts";
import { memoryLimiter } from "../kernel/limits/token-bucket.ts";
import { attackWhole, floodStage } from "../modules/trust/attack/service.ts";
import type { Stage } from "../modules/trust/stage/stage.ts";
import { onStage } from "./on-stage.ts";

/** `attack [--json]`: the attacker against an instance of its own. Exit code 1 when anything got through or stayed open. */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  // A stage each: an attack leaves its stage in ruins.
  const ledgers = [await onStage(attackWhole), await onStage(flood)];
  const probes = ledgers.flatMap((ledger) => ledger.probes);
  const breached = probes.filter((p) => p.verdict === "breached");
  const uncovered = ledgers.flatMap(({ summary }) => summary.uncovered.filter((u) => u.reason === null));
  const open = probes.filter((p) => p.verdict === "inconclusive");
  const inconclusive = open.length;
  const printed = {
    routes: Math.max(...ledgers.map((ledger) => ledger.summary.routes)),
    classes: ledgers.flatMap((ledger) => ledger.summary.classes),
    uncovered: uncovered.length,
    probes: probes.length,
    held: probes.filter((p) => p.verdict === "held").length,
    inconclusive,
    breached,
    open,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  if (args.includes("--json")) process.stdout.write(`${JSON.stringify(printed, null, 2)}\n`);
  else process.stdout.write(`${inWords(printed)}\n`);
  return breached.length + uncovered.length + inconclusive === 0 ? 0 : 1;
}

// The stage's own limits are too wide for a flood to reach.
const WITHIN_REACH = 8;

async function flood(stage: Stage): Promise<Ledger> {
  const { system } = stage.server;
  const app = await createApp({ ...system, limiter: memoryLimiter(systemClock, WITHIN_REACH) });
  try {
    return await floodStage(stage, await app.server.listen({ host: "127.0.0.1", port: 0 }));
  } finally {
    await app.server.close();
  }
}

const inWords = (p: {
  probes: number;
  routes: number;
  held: number;
  breached: unknown[];
  inconclusive: number;
}): string =>
  `${p.probes} attempts on ${p.routes} routes: ${p.held} held, ${p.breached.length} got through, ${p.inconclusive} open.`;

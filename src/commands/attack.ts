import { attackStage } from "../modules/trust/attack/service.ts";
import { onStage } from "./on-stage.ts";

/** `attack [--json]`: the attacker against an instance of its own. Exit code 1 when anything got through or stayed open. */
export async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const ledger = await onStage((stage) => attackStage(stage));
  const { summary } = ledger;
  const breached = ledger.probes.filter((p) => p.verdict === "breached");
  const uncovered = summary.uncovered.filter((u) => u.reason === null);
  const printed = {
    routes: summary.routes,
    classes: summary.classes,
    uncovered: uncovered.length,
    probes: summary.probes,
    held: summary.held,
    inconclusive: summary.inconclusive,
    breached,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  if (args.includes("--json")) process.stdout.write(`${JSON.stringify(printed, null, 2)}\n`);
  else
    process.stdout.write(
      `${printed.probes} attempts on ${printed.routes} routes: ${printed.held} held, ${breached.length} got through, ${printed.inconclusive} open.\n`,
    );
  return breached.length + uncovered.length + summary.inconclusive === 0 ? 0 : 1;
}

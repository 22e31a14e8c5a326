import type { ClassName, Ledger, Probe, Uncovered } from "./contract.ts";
import type { Run } from "./run.ts";
import { type AttackClass, excuseOf } from "./scene.ts";

/** A route of the running server that its document does not name cannot be attacked: that counts as broken. */
export function undocumented(run: Run): Probe[] {
  return served(run)
    .filter(({ key, reason }) => reason === null && !known(run, key))
    .map(({ key }) => ({
      claim: "tenancy.isolation-api",
      route: key,
      class: "coverage" as const,
      role: "none",
      who: "the server's own list of routes",
      request: "",
      status: 0,
      verdict: "breached" as const,
      detail: "served, but not in the OpenAPI document: no probe covers it",
      ms: 0,
    }));
}

/** Every pair of route and class without a probe, with the rule that excuses it or null. */
export function coverage(run: Run, classes: readonly AttackClass[], probes: readonly Probe[]): Uncovered[] {
  const probed = new Set(probes.map((probe) => `${probe.class} ${probe.route}`));
  const uncovered: Uncovered[] = [];
  for (const { key, reason } of routesOf(run)) {
    const op = run.operations.find((candidate) => candidate.key === key);
    for (const attacked of classes) {
      if (probed.has(`${attacked.name} ${key}`)) continue;
      const rule = op ? excuseOf(run, op, attacked) : (headOf(run, key) ?? reason);
      uncovered.push({ route: key, class: attacked.name, reason: rule });
    }
  }
  return uncovered;
}

export function summarise(
  run: Run,
  seed: string,
  classes: ClassName[],
  probes: readonly Probe[],
  uncovered: Uncovered[],
  started: number,
): Ledger["summary"] {
  const count = (verdict: Probe["verdict"]) => probes.filter((probe) => probe.verdict === verdict).length;
  return {
    seed,
    routes: routesOf(run).length,
    classes,
    probes: probes.length,
    held: count("held"),
    breached: count("breached"),
    inconclusive: count("inconclusive"),
    requests: run.client.sent(),
    ms: Math.round(performance.now() - started),
    uncovered,
  };
}

/** Nothing breached, nothing left open, no pair uncovered without a reason. */
export function isClean({ summary }: Ledger): boolean {
  const unexplained = summary.uncovered.some(({ reason }) => reason === null);
  return summary.breached === 0 && summary.inconclusive === 0 && !unexplained;
}

type Route = { key: string; reason: string | null };

function routesOf(run: Run): Route[] {
  const all = [...run.operations.map(({ key }) => ({ key, reason: null })), ...served(run)];
  return [...new Map(all.map((route) => [route.key, route])).values()];
}

/** The server's list in the document's words: `:id` is `{id}`, no slash at the end. */
function served(run: Run): Route[] {
  const normal = (path: string) => path.replaceAll(/:([A-Za-z_]\w*)/g, "{$1}").replace(/(.)\/$/, "$1");
  const reasons = new Map(
    (run.manifest.unprobed ?? []).map(({ method, path, reason }) => [`${method} ${normal(path)}`, reason]),
  );
  return (run.manifest.routes ?? []).map(({ method, path }) => {
    const key = `${method.toUpperCase()} ${normal(path)}`;
    const asGet = key.replace(/^HEAD /, "GET ");
    return { key, reason: reasons.get(key) ?? (asGet === key ? null : (reasons.get(asGet) ?? null)) };
  });
}

function known(run: Run, key: string): boolean {
  return run.operations.some((op) => op.key === key) || headOf(run, key) !== null;
}

function headOf(run: Run, key: string): string | null {
  const get = key.replace(/^HEAD /, "GET ");
  const twin = get !== key && run.operations.some((op) => op.key === get);
  return twin ? `attacked with ${get} by head-and-options` : null;
}

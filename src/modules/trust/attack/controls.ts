import type { Ledger, Probe } from "../../../../attacker/contract.ts";
import { type Control, type Finding, outcomeOf } from "../../../kernel/controls.ts";
import type { Stage } from "../stage/stage.ts";
import { attackStage } from "./service.ts";

/** Claims that the attacker speaks for: it derives its attempts from the running server's own description. */
export const attackControls: readonly Control<Stage>[] = [
  {
    id: "tenancy.isolation-api",
    kind: "tested",
    last: true,
    removed: "the tenant check of the access token, and the row policies of the database",
    check: fromLedger([
      "coverage",
      "no-credentials",
      "forged-token",
      "foreign-tenant",
      "head-and-options",
      "method-override",
    ]),
  },
  {
    id: "tenancy.isolation-users",
    kind: "tested",
    last: true,
    removed: "the owner check where a document is loaded",
    check: fromLedger(["foreign-user"]),
  },
  {
    id: "http.csrf",
    kind: "tested",
    last: true,
    removed: "the comparison of the proof",
    check: fromLedger(["csrf"]),
  },
  {
    id: "http.errors",
    kind: "tested",
    last: true,
    removed: "the limit of nesting, and the check of characters",
    check: fromLedger(["malformed"]),
  },
];

type Class = Probe["class"];

/** What the ledger says of some classes of attack. Pairs without a probe and without a reason count as broken. */
export function fromLedger(classes: readonly Class[]): Control<Stage>["check"] {
  return async (stage) => outcomeFrom(await attackStage(stage), classes);
}

export function outcomeFrom(ledger: Ledger, classes: readonly Class[]) {
  const probes = ledger.probes.filter((p) => classes.includes(p.class));
  const uncovered = ledger.summary.uncovered.filter((u) => classes.includes(u.class) && u.reason === null);
  const findings: Finding[] = [
    ...probes.map((p) => ({
      verdict: p.verdict === "breached" ? ("broken" as const) : p.verdict,
      what: shortRoute(p.route),
      who: `${p.who}, ${p.class}`,
      got: p.verdict === "held" ? String(p.status) : `${p.status}: ${p.detail}`,
    })),
    ...uncovered.map((u) => ({
      verdict: "broken" as const,
      what: shortRoute(u.route),
      who: u.class,
      got: "no attempt covers it",
    })),
  ];
  const routes = new Set(probes.map((p) => p.route)).size;
  return outcomeOf(findings, `${probes.length} attempts on ${routes} routes`);
}

const shortRoute = (route: string): string =>
  route
    .replace("/api/t/{slug}", "")
    .replace("/api", "")
    .replace(/\{(\w+)\}/g, ":$1");

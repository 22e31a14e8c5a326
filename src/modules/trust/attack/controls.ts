import type { Ledger, Probe } from "../../../../attacker/contract.ts";
import { type Control, type Finding, outcomeOf } from "../../../kernel/controls.ts";
import type { Stage } from "../stage/stage.ts";
import { type AlsoAttackedClaim, type AttackedClaim, classesOf } from "./classes.ts";
import { originFindings } from "./origins.ts";
import { attackStage } from "./service.ts";

/** Claims that the attacker speaks for: it derives its attempts from the running server's own description. */
export const attackControls: readonly Control<Stage>[] = [
  byAttack("tenancy.isolation-api", "the tenant in an access token, and the row policies of the database"),
  {
    ...byAttack("http.csrf", "the comparison of the session's proof, and of the origin"),
    check: async (stage) => {
      const origins = await originFindings(stage);
      const { findings } = outcomeFrom(await attackStage(stage), classesOf["http.csrf"]);
      const all = [...origins, ...findings];
      return outcomeOf(all, `${all.length} requests without a proof, or from another site`);
    },
  },
  byAttack("http.errors", "the check of characters in a body"),
];

function byAttack(id: Exclude<AttackedClaim, AlsoAttackedClaim>, removed: string): Control<Stage> {
  return {
    id,
    kind: "tested",
    last: true,
    removed,
    check: async (stage) => outcomeFrom(await attackStage(stage), classesOf[id]),
  };
}

/** Another module's check, with what the attacker found on the same promise. */
export function withAttack(control: Control<Stage>): Control<Stage> {
  const classes: readonly Probe["class"][] = Object.hasOwn(classesOf, control.id)
    ? classesOf[control.id as AttackedClaim]
    : [];
  if (classes.length === 0) return control;
  return { ...control, lastly: async (stage) => outcomeFrom(await attackStage(stage), classes) };
}

/** What the ledger says of some classes of attack. Pairs without a probe and without a reason count as broken. */
export function outcomeFrom(ledger: Ledger, classes: readonly Probe["class"][]) {
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
  return { ...outcomeOf(findings, `${probes.length} attempts on ${routes} routes`), routes };
}

const shortRoute = (route: string): string =>
  route
    .replace("/api/t/{slug}", "")
    .replace("/api", "")
    .replace(/\{(\w+)\}/g, ":$1");

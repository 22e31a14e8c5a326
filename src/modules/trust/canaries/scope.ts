import type { ClassName, Ledger, Uncovered } from "../../../../attacker/contract.ts";
import { seededRandom } from "../../../../attacker/random.ts";
import type { Canary } from "./store.ts";

// What an attack between canaries can and cannot judge, and what of its ledger others may read. What is left out is said
// in the ledger, pair by pair.

type Operation = { readonly "x-tenant-kind"?: string; readonly "x-unprobed"?: Record<string, string> };
type Methods = Record<string, Operation>;
export type OpenApi = { readonly paths: Record<string, Methods> };

/** Kinds of attempt for which a manifest of canaries is not enough; all of them are made on a fresh copy. */
export const NEEDS_MORE: readonly ClassName[] = [
  "rate-limit",
  ...(["race", "replay", "side-effect", "ssrf", "stored-script", "exhaustion"] as const),
];

/** Nobody acts as the operator on a running installation, so that there is nobody whose call would have to succeed. */
export function withoutOperators(whole: OpenApi): { document: OpenApi; operators: string[] } {
  const operators: string[] = [];
  const document = mapped(whole, (method, path, operation) => {
    if (operation["x-tenant-kind"] !== "operator") return operation;
    operators.push(`${method.toUpperCase()} ${path}`);
    return null;
  });
  return { document, operators };
}

const BY_THEIR_OWN = "on a copy: what its own members may write changes while it is attacked";

/** Where the members' rights change under the attack, who may write what cannot be told from outside. */
export function withoutGuesses(document: OpenApi): OpenApi {
  return mapped(document, (method, _path, operation) =>
    method === "get"
      ? operation
      : {
          ...operation,
          "x-unprobed": {
            "role-matrix": BY_THEIR_OWN,
            "foreign-user": BY_THEIR_OWN,
            ...operation["x-unprobed"],
          },
        },
  );
}

function mapped(
  whole: OpenApi,
  make: (method: string, path: string, operation: Operation) => Operation | null,
): OpenApi {
  const paths = Object.entries(whole.paths).map(([path, methods]): [string, Methods] => {
    const kept = Object.entries(methods).flatMap(([method, operation]) => {
      const made = make(method, path, operation);
      return made ? [[method, made] as const] : [];
    });
    return [path, Object.fromEntries(kept)];
  });
  return { ...whole, paths: Object.fromEntries(paths) };
}

/** Another order of the routes in every run: what follows what must not be what keeps something closed. */
export function shuffled(document: OpenApi, seed: string): OpenApi {
  const random = seededRandom(`${seed} order`);
  const drawn = Object.entries(document.paths).map((entry) => ({ entry, at: random.int(1_000_000) }));
  const paths = drawn.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
  return { ...document, paths: Object.fromEntries(paths) };
}

const OPERATORS = "the operator’s own: attacked on a fresh copy, where an operator is played";
const NO_CONTROL = "on a copy: the owner’s own call could not be made up, so that a refusal proves nothing";

/**
 * The ledger with what was left out beforehand. A refusal of a write counts only beside a success; where nobody could make
 * up that one, the pair is not covered, and says why.
 */
export function completed(
  ledger: Ledger,
  {
    operators,
    classes,
    harmless,
  }: { operators: readonly string[]; classes: readonly ClassName[]; harmless: boolean },
): Ledger {
  const open = (probe: Ledger["probes"][number]) =>
    !harmless &&
    probe.verdict === "inconclusive" &&
    !probe.route.startsWith("GET ") &&
    /no control|no spare/.test(probe.detail);
  const probes = ledger.probes.filter((probe) => !open(probe));
  const judged = new Set(probes.map((probe) => `${probe.class} ${probe.route}`));
  const lost = new Map<string, Uncovered>();
  for (const probe of ledger.probes) {
    const pair = `${probe.class} ${probe.route}`;
    if (probe.class === "coverage" || judged.has(pair)) continue;
    lost.set(pair, { route: probe.route, class: probe.class, reason: NO_CONTROL });
  }
  const ofOperators = operators.flatMap((route) =>
    classes.map((name): Uncovered => ({ route, class: name, reason: OPERATORS })),
  );
  const count = (verdict: string) => probes.filter((probe) => probe.verdict === verdict).length;
  return {
    probes: probes.map((probe) => ({ ...probe, detail: withoutContent(probe.detail) })),
    summary: {
      ...ledger.summary,
      routes: ledger.summary.routes + operators.length,
      probes: probes.length,
      held: count("held"),
      breached: count("breached"),
      inconclusive: count("inconclusive"),
      uncovered: [...ledger.summary.uncovered, ...lost.values(), ...ofOperators],
    },
  };
}

/** What a judgement quotes of an answer stands behind a colon. */
const withoutContent = (detail: string): string => detail.split(": ")[0] ?? "";

/** Neither the names of the canaries nor what their texts are marked with: others will read the ledger. */
export function anonymous(ledger: Ledger, canaries: readonly Canary[]): Ledger {
  let text = JSON.stringify(ledger);
  for (const { slug, part, secrets } of canaries)
    text = text
      .replaceAll(slug, part === "attacker" ? "a" : "b")
      .replaceAll(` ${secrets.marker}`, "")
      .replaceAll(secrets.marker, "canary");
  return JSON.parse(text) as Ledger;
}

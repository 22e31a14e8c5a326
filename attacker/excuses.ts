import { ALL } from "./attack.ts";
import type { ClassName, Manifest } from "./contract.ts";
import { openRun } from "./run.ts";
import { sampleBody } from "./sample.ts";

export type Excuse = { class: ClassName; route: string; reason: string; by: "rule" | "document" };

/**
 * Why which pairs of route and class are left out, read from the document alone: by a rule of the attacker's own, or by
 * the document's `x-unprobed`. For a list that people review. Throws when it is no document.
 */
export function excusesOf(openapi: unknown): Excuse[] {
  const tenants = ["one", "other"].map((slug) => ({ slug, users: [], objects: {} }));
  const manifest: Manifest = { origin: "http://localhost", tenants };
  const run = openRun({ openapi, manifest, seed: "excuses" });
  try {
    return run.operations.flatMap((op) => {
      run.bodies.set(op.key, sampleBody(op, run.fresh));
      return ALL.flatMap(({ name, excuse }): Excuse[] => {
        const said = op.unprobed[name];
        if (said !== undefined) return [{ class: name, route: op.key, reason: said, by: "document" }];
        const rule = excuse(op, run);
        return rule === null ? [] : [{ class: name, route: op.key, reason: rule, by: "rule" }];
      });
    });
  } finally {
    run.close();
  }
}

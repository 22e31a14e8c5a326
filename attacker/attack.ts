import { revive } from "./ask.ts";
import { apiKey } from "./classes/api-key.ts";
import { cached } from "./classes/cached.ts";
import { noCredentials } from "./classes/credentials.ts";
import { csrf } from "./classes/csrf.ts";
import { foreignTenant, foreignUser } from "./classes/foreign.ts";
import { foreignReference } from "./classes/foreign-reference.ts";
import { forgedToken } from "./classes/forged-token.ts";
import { malformed } from "./classes/malformed.ts";
import { massAssignment } from "./classes/mass-assignment.ts";
import { headAndOptions, methodOverride } from "./classes/methods.ts";
import { rateLimit } from "./classes/rate-limit.ts";
import { roleMatrix } from "./classes/role-matrix.ts";
import { staleFactor } from "./classes/stale-factor.ts";
import { type AttackOptions, CLASSES, type Ledger, type Probe } from "./contract.ts";
import { coverage, summarise, undocumented } from "./ledger.ts";
import type { Operation } from "./openapi.ts";
import { openRun, type Run } from "./run.ts";
import {
  type AttackClass,
  fire,
  makeControl,
  type Pending,
  type Scene,
  setScene,
  withControl,
} from "./scene.ts";

const ALL: readonly AttackClass[] = [
  noCredentials,
  forgedToken,
  apiKey,
  foreignTenant,
  foreignUser,
  foreignReference,
  roleMatrix,
  staleFactor,
  csrf,
  headAndOptions,
  methodOverride,
  cached,
  malformed,
  massAssignment,
  rateLimit,
];

/**
 * Attacks a running application with everything that its OpenAPI document offers, and reports what held.
 * It creates and destroys objects of the victim tenant: point it at canaries or a copy, never at anybody's data.
 * Throws when its input cannot be read; what the application does, however odd, ends up in the ledger.
 */
export async function attack(options: AttackOptions): Promise<Ledger> {
  const started = performance.now();
  const chosen = CLASSES.filter((name) => options.classes?.includes(name) ?? true);
  const classes = ALL.filter(({ name }) => chosen.includes(name));
  const run = openRun(options);
  try {
    const probes: Probe[] = undocumented(run);
    const scenes: Scene[] = [];
    for (const op of inOrder(run.operations)) {
      if (!classes.some((attacked) => applies(run, op, attacked))) continue;
      const scene = await setScene(run, op);
      probes.push(...(await play(run, scene, classes)));
      scenes.push(scene);
    }
    for (const attacked of classes) {
      for (const scene of scenes) {
        if (applies(run, scene.op, attacked)) probes.push(...((await attacked.last?.(scene)) ?? []));
      }
    }
    const uncovered = coverage(run, classes, probes);
    return { probes, summary: summarise(run, options.seed, chosen, probes, uncovered, started) };
  } finally {
    run.close();
  }
}

/** One route: the calls to be refused, then the owner's own, then those that may succeed. */
async function play(run: Run, scene: Scene, classes: readonly AttackClass[]): Promise<Probe[]> {
  // An owner's own call on the route before may have ended their session: a changed password does.
  if (scene.owner) {
    scene.owner.suspect = true;
    await revive(run, scene.owner);
  }
  const applicable = classes.filter((attacked) => applies(run, scene.op, attacked));
  const pending: Pending[] = [];
  for (const attacked of applicable) {
    const shots = (await attacked.shots?.(scene)) ?? [];
    if (shots.length > 0) pending.push(...(await fire(scene, attacked, shots)));
  }
  scene.control = await makeControl(scene);
  const probes = withControl(pending, scene.control);
  for (const attacked of applicable) probes.push(...((await attacked.after?.(scene)) ?? []));
  return probes;
}

function applies(run: Run, op: Operation, attacked: AttackClass): boolean {
  return op.unprobed[attacked.name] === undefined && attacked.excuse(op, run) === null;
}

/** Reading first; then making, changing, deleting; what ends the caller's own session last. */
function inOrder(operations: readonly Operation[]): Operation[] {
  const rank = (op: Operation) => {
    const order = ["GET", "POST", "PATCH", "PUT", "DELETE"].indexOf(op.method);
    return op.method === "DELETE" && op.ids.length === 0 ? 9 : order;
  };
  return operations
    .map((op, at) => ({ op, at }))
    .sort((a, b) => rank(a.op) - rank(b.op) || a.at - b.at)
    .map(({ op }) => op);
}

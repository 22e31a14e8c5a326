import { revive } from "./ask.ts";
import { apiKey } from "./classes/api-key.ts";
import { cached } from "./classes/cached.ts";
import { noCredentials } from "./classes/credentials.ts";
import { csrf } from "./classes/csrf.ts";
import { download } from "./classes/download.ts";
import { exhaustion } from "./classes/exhaustion.ts";
import { exports_ } from "./classes/exports.ts";
import { foreignTenant, foreignUser } from "./classes/foreign.ts";
import { foreignReference } from "./classes/foreign-reference.ts";
import { forgedToken } from "./classes/forged-token.ts";
import { malformed } from "./classes/malformed.ts";
import { massAssignment } from "./classes/mass-assignment.ts";
import { headAndOptions, methodOverride } from "./classes/methods.ts";
import { race } from "./classes/race.ts";
import { rateLimit } from "./classes/rate-limit.ts";
import { replay } from "./classes/replay.ts";
import { roleMatrix } from "./classes/role-matrix.ts";
import { search } from "./classes/search.ts";
import { sideEffect } from "./classes/side-effect.ts";
import { ssrf } from "./classes/ssrf.ts";
import { staleFactor } from "./classes/stale-factor.ts";
import { storedScript } from "./classes/stored-script.ts";
import { stream } from "./classes/stream.ts";
import { toldApart } from "./classes/told-apart.ts";
import { traversal } from "./classes/traversal.ts";
import { type AttackOptions, CLASSES, type Ledger, type Probe } from "./contract.ts";
import { coverage, summarise, undocumented } from "./ledger.ts";
import type { Operation } from "./openapi.ts";
import { openRun, type Run } from "./run.ts";
import {
  type AttackClass,
  excuseOf,
  fire,
  makeControl,
  type Pending,
  type Scene,
  setScene,
  withControl,
} from "./scene.ts";

/** Every class, in the order in which a route is attacked. */
export const ALL: readonly AttackClass[] = [
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
  stream,
  download,
  search,
  exports_,
  race,
  replay,
  sideEffect,
  ssrf,
  storedScript,
  traversal,
  toldApart,
  exhaustion,
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
      if (!isAskedFor(options, op.key) || !classes.some((attacked) => applies(run, op, attacked))) continue;
      const scene = await setScene(run, op);
      probes.push(...(await play(run, scene, classes)));
      scenes.push(scene);
      if (isOver(options, probes)) break;
    }
    if (run.bothWays && chosen.includes("foreign-tenant") && !isOver(options, probes))
      probes.push(...(await otherWay(run, options)));
    for (const attacked of classes) {
      const played = scenes.filter(({ op }) => applies(run, op, attacked));
      const wanted = attacked.finish && played.length > 0 && !isOver(options, probes);
      if (attacked.finish && wanted) probes.push(...(await attacked.finish(played)));
    }
    for (const attacked of classes) {
      for (const scene of scenes) {
        if (applies(run, scene.op, attacked)) probes.push(...((await attacked.last?.(scene)) ?? []));
      }
    }
    // What an attack did not set out to play, or did not get to, is no gap in what it played.
    const played = new Set(scenes.map(({ op }) => op.key));
    const isPart = options.operations !== undefined || options.untilBreached === true;
    const uncovered = coverage(run, classes, probes).filter(({ route }) => !isPart || played.has(route));
    return { probes, summary: summarise(run, options.seed, chosen, probes, uncovered, started) };
  } finally {
    run.close();
  }
}

const isAskedFor = ({ operations }: AttackOptions, key: string): boolean => operations?.includes(key) ?? true;

function isOver({ untilBreached }: AttackOptions, probes: readonly Probe[]): boolean {
  return untilBreached === true && probes.some(({ verdict }) => verdict === "breached");
}

/** The victim attacks in turn, by what separates tenants. */
async function otherWay(run: Run, options: AttackOptions): Promise<Probe[]> {
  const back: Run = { ...run, attacker: run.victim, victim: run.attacker };
  const probes: Probe[] = [];
  for (const op of inOrder(run.operations)) {
    if (!isAskedFor(options, op.key) || !applies(back, op, foreignTenant)) continue;
    const scene = await setScene(back, op);
    // Of routes for another kind of tenant the owner is the same in both directions.
    if (scene.owner?.tenant === back.victim) probes.push(...(await play(back, scene, [foreignTenant])));
  }
  return probes;
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
  return excuseOf(run, op, attacked) === null;
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

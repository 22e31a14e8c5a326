import { bodyFor, revive, sendGenuine, whoAmI } from "./ask.ts";
import type { Answer, Ask } from "./client.ts";
import { type ClassName, isRecord, type Probe, type Verdict } from "./contract.ts";
import { leaksInternals } from "./judge.ts";
import { creatorsOf, type Handle, isPrivate, nounOf, objectsFor } from "./objects.ts";
import type { Operation } from "./openapi.ts";
import { allowed, type Person, type Run, shareOf } from "./run.ts";
import { difference, readState, type State } from "./state.ts";

/** One route with the victim whose object it names. */
export type Scene = {
  run: Run;
  op: Operation;
  /** Null for a public route. */
  owner: Person | null;
  slug: string;
  ids: Record<string, string>;
  handle: Handle | null;
  body: unknown;
  /** Why the owner cannot make this call at all, or null. */
  blocked: string | null;
  control: Control | null;
};

export type Control = { ok: boolean; detail: string; answer: Answer | null };

export type Judgement = { verdict: Verdict; detail: string };

/** A hostile call and how to judge its answer. */
export type Shot = {
  who: string;
  role: string;
  ask: Ask;
  judge: (answer: Answer) => Judgement | Promise<Judgement>;
  /** A refusal that means nothing unless the owner's same call succeeds. Default true. */
  needsControl?: boolean;
  /** May change state without being a breach (a malformed body that a lenient parser accepts). */
  mayChange?: boolean;
};

export type AttackClass = {
  name: ClassName;
  claim: string;
  /** What of it a live system may be given: calls that read, or those that must be refused as well. Default nothing. */
  harmless?: "reads" | "refusals";
  /** It sends the same to every route: of this, a brief run sends one in so many to each. */
  oneIn?: number;
  /** The rule why this class does not apply to a route, or null. */
  excuse: (op: Operation, run: Run) => string | null;
  /** Calls that must be refused; made before the owner's own call. */
  shots?: (scene: Scene) => Shot[] | Promise<Shot[]>;
  /** Calls that may succeed; made after it, on objects of their own. */
  after?: (scene: Scene) => Promise<Probe[]>;
  /** Made for all routes together when each has been played: what takes effect later is waited for once. */
  finish?: (scenes: Scene[]) => Promise<Probe[]>;
  /** Calls that spoil the run for others; made when all else is done. */
  last?: (scene: Scene) => Promise<Probe[]>;
};

const PARALLEL = 4;

/** Casts the owner and the object of a route: the least role that may make the call and the object. */
export async function setScene(run: Run, op: Operation): Promise<Scene> {
  const scene: Scene = {
    run,
    op,
    owner: null,
    slug: run.victim.slug,
    ids: {},
    handle: null,
    body: undefined,
    blocked: null,
    control: null,
  };
  if (op.publicBecause === null) {
    scene.owner = castOwner(run, op);
    if (scene.owner === null) scene.blocked = "the matrix allows nobody in these tenants";
    else scene.slug = scene.owner.tenant.slug;
  }
  await freshObject(scene);
  scene.body = await hostileBody(scene, scene.owner ?? visitorFor(run));
  run.bodies.set(op.key, scene.body);
  return scene;
}

/**
 * A body that would change the victim's object if it got through: one that says what is already so would leave
 * no trace of a write. Values that the manifest gives are left as they are.
 */
export async function hostileBody(scene: Scene, person: Person | null): Promise<unknown> {
  const { run, op, owner, ids } = scene;
  const body = await bodyFor(run, op, person);
  const given = run.manifest.bodies?.[op.key] !== undefined;
  if (given || !isRecord(body) || owner === null || !["PATCH", "PUT"].includes(op.method)) return body;
  const state = await readState(run, op, owner, ids);
  if (typeof state === "string") return body;
  const already = (name: string, value: unknown) =>
    state.text.includes(JSON.stringify({ [name]: value }).slice(1, -1));
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      already(name, value) ? otherThan(op, name, value) : value,
    ]),
  );
}

function otherThan(op: Operation, name: string, value: unknown): unknown {
  const properties = op.body?.schema.properties;
  const schema = isRecord(properties) ? properties[name] : undefined;
  const choices = isRecord(schema) && Array.isArray(schema.enum) ? schema.enum : null;
  if (choices) return choices[(choices.indexOf(value) + 1) % choices.length];
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") return `${value} 2`;
  return typeof value === "number" ? value + 1 : value;
}

/** A public route is called by nobody, but a sign-in needs somebody's address and password. */
export function visitorFor(run: Run): Person | null {
  return run.people.find((person) => person.tenant === run.victim) ?? null;
}

function castOwner(run: Run, op: Operation): Person | null {
  const tenants = [run.victim, ...run.manifest.tenants.filter((tenant) => tenant !== run.victim)];
  const inOrder = tenants.flatMap((tenant) => run.people.filter((person) => person.tenant === tenant));
  const may = inOrder.filter((person) =>
    op.tenantKind === null
      ? person.tenant === run.victim && allowed(op, person) !== false
      : allowed(op, person),
  );
  const noun = op.named === null ? null : nounOf(op, op.named);
  const canMake = may.find((person) => noun !== null && creatorsOf(run, noun, person).length > 0);
  const owns = may.find((person) =>
    (person.tenant.objects[noun ?? ""] ?? []).some((item) => item.owner === person.user.userId),
  );
  const canOwn = noun !== null && isPrivate(run, noun) ? owns : undefined;
  return canMake ?? canOwn ?? may[0] ?? null;
}

async function freshObject(scene: Scene): Promise<void> {
  const { run, op, owner } = scene;
  if (!owner) {
    for (const name of op.ids) scene.ids[name] = "none";
    return;
  }
  const { ids, handle, missing } = await objectsFor(run, op, owner, !op.safe && !run.harmless);
  for (const name of op.ids) ids[name] ??= "01900000-0000-7000-8000-000000000000";
  Object.assign(scene, { ids, handle });
  if (missing !== null && run.harmless) run.lacking.set(op.key, `on a live system: ${missing}`);
  if (missing !== null) scene.blocked = missing;
  else if (run.harmless) return;
  else if (handle && !handle.expendable && !op.safe) {
    scene.blocked = `no spare ${handle.noun} that ${owner.label} could ${op.method}: add one to the manifest`;
  }
}

/** Runs the refusal shots of one class and reads the victim's state around them. Verdicts await the control. */
export async function fire(scene: Scene, attack: AttackClass, all: Shot[]): Promise<Pending[]> {
  const { run, op, owner } = scene;
  const shots = shareOf(run, op, all, attack.oneIn);
  const watched = shots.filter((shot) => !shot.mayChange);
  const before = owner && !op.safe && watched.length > 0 ? await readState(run, op, owner, scene.ids) : null;
  const pending = await pool(watched, (shot) => shoot(attack, scene, shot));
  if (owner && before !== null) await compare(scene, before, pending);
  for (const shot of shots.filter((candidate) => candidate.mayChange)) {
    const shown = await shoot(attack, scene, shot);
    pending.push(shown);
    // What was let through was the owner's own call: it may have ended their session.
    if (owner && !op.safe && shown.probe.status < 300) owner.suspect = true;
  }
  return pending;
}

export type Pending = { probe: Probe; needsControl: boolean };

async function shoot(attack: AttackClass, scene: Scene, shot: Shot): Promise<Pending> {
  const answer = await scene.run.client.send(shot.ask);
  const judged = leaksInternals(answer) ?? (await shot.judge(answer));
  return {
    probe: probeOf(attack, scene.op, shot, answer, judged),
    needsControl: shot.needsControl !== false,
  };
}

export function probeOf(
  attack: { name: ClassName; claim: string },
  op: Operation,
  by: { who: string; role: string },
  answer: Answer,
  judged: Judgement,
): Probe {
  return {
    claim: attack.claim,
    route: op.key,
    class: attack.name,
    role: by.role,
    who: by.who,
    request: answer.digest,
    status: answer.status,
    verdict: judged.verdict,
    detail: judged.detail,
    ms: Math.round(answer.ms * 10) / 10,
  };
}

/** A probe that could not be made, or that is judged by more than one answer. */
export function spoken(
  attack: { name: ClassName; claim: string },
  op: Operation,
  by: { who: string; role: string },
  judged: Judgement,
  answer: Answer = { status: 0, headers: {}, body: "", json: undefined, ms: 0, digest: "" },
): Probe {
  return probeOf(attack, op, by, answer, judged);
}

async function compare(scene: Scene, before: State | string, pending: Pending[]): Promise<void> {
  const { run, op, owner } = scene;
  if (!owner) return;
  if (typeof before === "string") {
    if (!before.startsWith("none")) settle(pending, "inconclusive", before);
    return;
  }
  const after = await readState(run, op, owner, scene.ids);
  if (typeof after === "string") return settle(pending, "inconclusive", after);
  if (after.text === before.text) return;
  // With an accepted call among them, what the others did cannot be told; without one, a refusal wrote.
  const accepted = pending.some(({ probe }) => probe.verdict === "breached" && probe.status < 300);
  const what = `the victim's state changed during these calls: ${difference(before.text, after.text)}`;
  settle(pending, accepted ? "inconclusive" : "breached", what);
  await freshObject(scene);
  await revive(run, owner);
}

/** A refusal that changed something is a breach; a call already judged otherwise keeps its own words. */
function settle(pending: Pending[], verdict: Verdict, detail: string): void {
  for (const { probe } of pending) {
    if (probe.verdict === "held") Object.assign(probe, { verdict, detail });
  }
}

/** The owner's same call, after the hostile ones, on the same object. */
export async function makeControl(scene: Scene): Promise<Control> {
  const { run, op, owner } = scene;
  if (scene.blocked !== null) return { ok: false, detail: scene.blocked, answer: null };
  if (run.harmless && !op.safe) return owner ? readInstead(scene, owner) : NO_OWNER;
  const filling = { slug: scene.slug, ids: scene.ids, body: scene.body };
  const answer = await sendGenuine(run, op, owner, filling);
  const success = (answer.status >= 200 && answer.status < 300) || op.controlStatus.includes(answer.status);
  if (success && op.method === "DELETE" && scene.handle) run.spent.add(scene.handle.id);
  const said = answer.status === 0 ? answer.body : `${answer.status} ${codeOf(answer)}`.trim();
  if (owner === null) {
    // A visitor holds no right that could be shown to work: what counts is that the call got past the guard.
    const past =
      success || (answer.status >= 400 && answer.status < 500 && ![403, 429].includes(answer.status));
    return { ok: past, detail: `a visitor's well-formed call answered ${said}`, answer };
  }
  return { ok: success, detail: `${owner.label} made the same call: ${said}`, answer };
}

const NO_OWNER: Control = { ok: false, detail: "nothing was tried", answer: null };

/** On a live system: the owner reads what the call would change, or, where nothing shows it, who they are. */
async function readInstead({ run, op, ids }: Scene, owner: Person): Promise<Control> {
  const state = await readState(run, op, owner, ids);
  if (typeof state !== "string") {
    const ok = state.text.startsWith("2");
    const detail = `${owner.label} read the object instead: ${state.text.slice(0, 3)}`;
    return { ok, detail, answer: null };
  }
  const check = whoAmI(run);
  if (check === null) return { ok: false, detail: state, answer: null };
  const { status } = await sendGenuine(run, check, owner, { slug: owner.tenant.slug, ids: {} });
  return { ok: status === 200, detail: `${owner.label} read ${check.key} instead: ${status}`, answer: null };
}

/** Why a class leaves a route out: its own rule, or that the run must hurt nobody. */
export function excuseOf(run: Run, op: Operation, attacked: AttackClass): string | null {
  const own = op.unprobed[attacked.name] ?? attacked.excuse(op, run);
  if (own !== null || !run.harmless) return own;
  if (attacked.harmless === undefined || (attacked.harmless === "reads" && !op.safe))
    return "on a live system: it may change something or be a burden";
  if (op.publicBecause !== null && !op.safe)
    return "on a live system: nobody is refused here by who they are";
  return run.lacking.get(op.key) ?? null;
}

export function codeOf(answer: Answer): string {
  const error = (answer.json as { error?: { code?: unknown } } | undefined)?.error;
  return typeof error?.code === "string" ? error.code : "";
}

/** What a refusal is worth: nothing without the owner's success. */
export function withControl(pending: Pending[], control: Control): Probe[] {
  return pending.map(({ probe, needsControl }) => {
    if (probe.verdict !== "held" || !needsControl) return probe;
    // A control without an answer was no call of the same kind: the ledger says what it was.
    if (control.ok)
      return control.answer ? probe : { ...probe, detail: `${probe.detail}; ${control.detail}` };
    return {
      ...probe,
      verdict: "inconclusive",
      detail: `${probe.detail}; but no control: ${control.detail}`,
    };
  });
}

export async function pool<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = new Array(items.length);
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as A);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, lane));
  return results;
}

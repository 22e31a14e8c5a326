import { bodyFor, genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { excerpt, leaksInternals, refusalOf, sameAsNothing, unjudgeable } from "../judge.ts";
import { creatorsOf, isPrivate, objectOf, objectsFor } from "../objects.ts";
import type { Operation } from "../openapi.ts";
import { unusedLike } from "../random.ts";
import { type Place, placesOf, putInto, putIntoQuery } from "../references.ts";
import { allowed, type Person, type Run, shareOf } from "../run.ts";
import { type AttackClass, type Judgement, type Scene, type Shot, spoken } from "../scene.ts";
import { difference, readerOf, readState, type State } from "../state.ts";

/** The owner's own call on their own object, naming in its body or query what is another's. */
export const foreignReference: AttackClass = {
  name: "foreign-reference",
  claim: "tenancy.isolation-api",
  harmless: "reads",
  excuse: (op, run) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    // Before its genuine body is made, nobody knows what a route names.
    if (!run.bodies.has(op.key)) return null;
    return placesOf(op, run.bodies.get(op.key), run.fresh).length > 0
      ? null
      : "names no object but in its path";
  },
  finish: later,
  after: behind,
  shots: (scene) => {
    const { run, op, owner } = scene;
    if (!owner) return [];
    const targets = shareOf(run, op, targetsOf(run, op, owner), ONE_IN);
    const before = new Map<string, Promise<State | string>>();
    return placesOf(op, scene.body, run.fresh).flatMap((place) => {
      if (isBehind(place)) return [];
      const ask = (id: string) => naming(scene, owner, place, id);
      // Made here, not when judging: shots run side by side, and the seed must decide what each one holds.
      const nothing = unusedLike(owner.user.userId, run.random);
      const twin = once(() => run.client.send(ask(nothing)));
      return targets.map((target): Shot => {
        const state = once(() => stateOf(run, target));
        if (!op.safe && !before.has(target.id)) before.set(target.id, state());
        return {
          who: `${owner.label}, with ${target.words} as ${place.name}`,
          role: owner.role,
          ask: ask(target.id),
          judge: async (answer) => {
            const as = judge(scene, place, { answer, id: target.id }, { answer: await twin(), id: nothing });
            if (op.safe || as.verdict !== "held") return as;
            return (await changed(run, target, before.get(target.id))) ?? as;
          },
        };
      });
    });
  },
};

/** A kind of object after the other is named: of a brief run. */
const ONE_IN = 3;

/** In a list, behind what is the caller's own. */
const isBehind = (place: Place): boolean =>
  place.in === "body" && place.at.some((key) => typeof key === "number" && key > 0);

/**
 * Behind what is good in a list. A route may do the good and answer for each by itself, so each call names objects of
 * its own, and the control comes first. The list's code is the same for each noun: the one that fits is enough.
 */
async function behind(scene: Scene): Promise<Probe[]> {
  const { run, op, owner } = scene;
  const places = owner && !run.harmless ? placesOf(op, scene.body, run.fresh).filter(isBehind) : [];
  const probes: Probe[] = [];
  for (const place of places) {
    if (!owner) break;
    const call = async (id: string): Promise<Said> => {
      const body = await bodyFor(run, op, owner);
      const { ids } = await objectsFor(run, op, owner, !op.safe);
      await revive(run, owner);
      const answer = await run.client.send(naming({ ...scene, ids, body }, owner, place, id));
      return { answer, id };
    };
    const all = targetsOf(run, op, owner);
    const isOurs = ({ owner: one }: Target) => one?.tenant === owner.tenant;
    const fitting = [all.filter((one) => !isOurs(one)), all.filter(isOurs)];
    const nothing = await call(unusedLike(owner.user.userId, run.random));
    for (const target of fitting.flatMap((targets) => bestFor(place, op, targets) ?? [])) {
      const before = stateOf(run, target);
      await before;
      const foreign = await call(target.id);
      const said = leaksInternals(foreign.answer) ?? judge(scene, place, foreign, nothing);
      const changedIt = said.verdict === "held" && !op.safe ? await changed(run, target, before) : null;
      const held = changedIt ?? said;
      const judged: Judgement =
        held.verdict === "held" && !scene.control?.ok
          ? { verdict: "inconclusive", detail: `no control: ${scene.control?.detail}` }
          : held;
      const by = { who: `${owner.label}, with ${target.words} as ${place.name}`, role: owner.role };
      probes.push(spoken(foreignReference, op, by, judged, foreign.answer));
    }
  }
  return probes;
}

const PAUSE_MS = 400;

/** Once more, a fresh object of the other tenant in each place: what a job does with it is looked at after a pause. */
async function later(scenes: Scene[]): Promise<Probe[]> {
  const [first] = scenes;
  if (!first || first.run.harmless) return [];
  const { run } = first;
  const aims: Aim[] = [];
  const made = new Map<string, Target | null>();
  for (const scene of scenes) {
    const { op, owner } = scene;
    if (!owner || op.safe) continue;
    const targets = targetsOf(run, op, owner).filter((target) => target.owner && readerFor(run, target));
    for (const place of placesOf(op, scene.body, run.fresh)) {
      const fit = bestFor(place, op, targets);
      if (!fit?.owner) continue;
      if (!made.has(fit.noun)) {
        // What the attacks before have named may have been changed by then: it has to be a new one.
        const { tenant } = fit.owner;
        const can = (one: Person) => one.tenant === tenant && creatorsOf(run, fit.noun, one).length > 0;
        const maker = run.people.find(can) ?? fit.owner;
        const own = await objectOf(run, fit.noun, maker, true);
        made.set(fit.noun, own && { ...fit, id: own.id, owner: maker });
      }
      const target = made.get(fit.noun);
      if (target) aims.push({ scene, owner, place, target });
    }
  }
  // What their own making has set going ends first.
  await pause();
  const targets = [...made.values()].flatMap((target) => target ?? []);
  const before = await statesOf(run, targets);
  const sent: { aim: Aim; answer: Answer }[] = [];
  for (const aim of aims) {
    await revive(run, aim.owner);
    sent.push({ aim, answer: await run.client.send(naming(aim.scene, aim.owner, aim.place, aim.target.id)) });
  }
  await pause();
  const after = await statesOf(run, targets);
  return sent.map(({ aim: { scene, owner, place, target }, answer }) => {
    const by = {
      who: `${owner.label}, with ${target.words} as ${place.name}, and a pause`,
      role: owner.role,
    };
    const judged = unjudgeable(answer) ?? stayed(answer, before.get(target.id), after.get(target.id));
    return spoken(foreignReference, scene.op, by, judged, answer);
  });
}

type Aim = { scene: Scene; owner: Person; place: Place; target: Target };

function stayed({ status }: Answer, was?: State | string, is?: State | string): Judgement {
  if (typeof was !== "object" || typeof is !== "object")
    return { verdict: "inconclusive", detail: "its owner cannot read it" };
  if (was.text === is.text)
    return { verdict: "held", detail: `${status}, and the same after ${PAUSE_MS} ms` };
  const what = `${status}, and a moment later the object is another`;
  return { verdict: "breached", detail: `${what}: ${difference(was.text, is.text)}` };
}

/** The noun by whose name the place goes, else one that the path names, the last of them first, else any. */
function bestFor(place: Place, op: Operation, targets: Target[]): Target | undefined {
  const word = place.name.replace(/[^a-z].*$/i, "").toLowerCase();
  const named = targets.find(({ noun }) => word.startsWith(noun));
  const parts = op.path.split("/").filter((part) => /^[a-z-]{3,}$/.test(part));
  const inPath = parts.reverse().flatMap((part) => {
    return targets.find(({ noun }) => part.startsWith(noun) || noun.startsWith(part)) ?? [];
  });
  return named ?? inPath[0] ?? targets.find(({ noun }) => noun === op.resource) ?? targets[0];
}

async function statesOf(run: Run, targets: Target[]): Promise<Map<string, State | string>> {
  const states = new Map<string, State | string>();
  for (const target of targets) states.set(target.id, await stateOf(run, target));
  return states;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function readerFor(run: Run, { noun }: Target): Operation | undefined {
  return run.operations.find(
    (op) => op.safe && !op.stream && op.resource === noun && op.ids.length === 1 && op.path.endsWith("}"),
  );
}

type Target = { id: string; noun: string; words: string; owner: Person | null };

/** One object of each noun: of the other tenant, and of a colleague where the noun is private to its user. */
function targetsOf(run: Run, op: Operation, owner: Person): Target[] {
  const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
  const holder = (id: string | undefined) =>
    run.people.find((person) => person.user.userId === id && id !== undefined) ?? null;
  const foreign: Target[] = Object.entries(elsewhere.objects).flatMap(([noun, known]) => {
    const item = known.find(({ spare }) => !spare) ?? known[0];
    return item
      ? [{ id: item.id, noun, words: `a ${noun} of another tenant`, owner: holder(item.owner) }]
      : [];
  });
  if (elsewhere.id) foreign.push({ id: elsewhere.id, noun: "tenant", words: "another tenant", owner: null });
  const colleagues = Object.entries(owner.tenant.objects).flatMap(([noun, known]): Target[] => {
    const item = known.find(
      (one) => one.visibility === "private" && one.owner !== undefined && one.owner !== owner.user.userId,
    );
    return item && isPrivate(run, noun)
      ? [{ id: item.id, noun, words: `a ${noun} of a colleague`, owner: holder(item.owner) }]
      : [];
  });
  return [
    ...(op.unprobed["foreign-reference/tenant"] === undefined ? foreign : []),
    ...(op.unprobed["foreign-reference/user"] === undefined ? colleagues : []),
  ];
}

function naming({ run, op, slug, ids, body }: Scene, owner: Person, place: Place, id: string): Shot["ask"] {
  if (place.in === "body") return genuine(run, op, owner, { slug, ids, body: putInto(body, place, id) });
  const ask = genuine(run, op, owner, { slug, ids, body });
  return { ...ask, path: putIntoQuery(ask.path, place, id) };
}

type Said = { answer: Answer; id: string };

function judge({ run, op }: Scene, place: Place, foreign: Said, nothing: Said): Judgement {
  const open = unjudgeable(foreign.answer) ?? unjudgeable(nothing.answer);
  if (open) return open;
  const { status } = foreign.answer;
  if (status === 401) return { verdict: "inconclusive", detail: "401 says nothing of the reference" };
  // One of several that was refused by itself, as what names nothing is: only what was good was done.
  if (status < 400 && isBehind(place)) {
    const [said, none] = [refusalOf(foreign.answer, foreign.id), refusalOf(nothing.answer, nothing.id)];
    if (said !== null && said === none)
      return { verdict: "held", detail: `${status}, refused by itself: ${said}` };
  }
  // What changes nothing may answer as if nothing were there: a list of none.
  if (status < 400 && !op.safe && !changesNothing(run, op))
    return {
      verdict: "breached",
      detail: `${status}: accepted as ${place.name}: ${excerpt(foreign.answer)}`,
    };
  const tells = sameAsNothing(without(foreign), without(nothing));
  return tells ? { verdict: "breached", detail: tells } : { verdict: "held", detail: `${status}` };
}

function changesNothing(run: Run, op: Operation): boolean {
  return typeof readerOf(run, op) === "string";
}

/** An answer that repeats what it was asked tells nothing by that. */
function without({ answer, id }: Said): Answer {
  const body = answer.body.replaceAll(id, "<id>");
  const json = answer.json === undefined ? undefined : JSON.parse(body);
  return { ...answer, body, json };
}

async function changed(
  run: Run,
  target: Target,
  before: Promise<State | string> | undefined,
): Promise<Judgement | null> {
  const was = await before;
  if (was === undefined || typeof was === "string") return null;
  const is = await stateOf(run, target);
  if (typeof is === "string" || is.text === was.text) return null;
  const what = `refused, and yet ${target.words} is no longer what it was`;
  return { verdict: "breached", detail: `${what}: ${difference(was.text, is.text)}` };
}

/** The object as its owner sees it; a text says why it cannot be seen. */
async function stateOf(run: Run, target: Target): Promise<State | string> {
  const { id, owner } = target;
  const reader = readerFor(run, target);
  if (!reader || !owner || allowed(reader, owner) === false) return "nothing reads it by itself";
  return readState(run, reader, owner, { [reader.ids[0] ?? ""]: id });
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= work();
    return made;
  };
}

import { bodyFor, genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { leaksInternals, unjudgeable } from "../judge.ts";
import { isPrivate, nounOf, objectsFor } from "../objects.ts";
import type { Operation } from "../openapi.ts";
import { type Person, type Run, someone } from "../run.ts";
import { type AttackClass, type Judgement, pool, type Scene, spoken } from "../scene.ts";
import { readerOf, readState, type State } from "../state.ts";

/** For jobs that a refused call may have set going. */
const PAUSE_MS = 600;

/**
 * Cancel, retry, stop, restore, mark: on another's identifier, and then a pause. What is refused at once may still have
 * been passed on; the object is read again when that would have taken effect.
 */
export const sideEffect: AttackClass = {
  name: "side-effect",
  claim: "tenancy.isolation-everywhere",
  excuse: (op, run) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    if (op.safe) return "changes no state";
    if (op.ids.length === 0 || op.path.endsWith("}"))
      return "does nothing with an object but make, change or delete it";
    const reader = readerOf(run, op);
    return typeof reader === "string" ? `nothing shows what it changes (${reader})` : null;
  },
  finish: async (scenes): Promise<Probe[]> => {
    const marks = (await pool(scenes, aim)).flatMap((mark) => (mark ? [mark] : []));
    // What the object's own making has set going ends first.
    await pause();
    for (const mark of marks)
      mark.before = await readState(mark.scene.run, mark.scene.op, mark.owner, mark.ids);
    const hits = (await pool(marks, fireAt)).flat();
    await pause();
    for (const mark of marks)
      mark.after = await readState(mark.scene.run, mark.scene.op, mark.owner, mark.ids);
    return hits.map(({ mark, by, answer }) =>
      spoken(sideEffect, mark.scene.op, by, leaksInternals(answer) ?? judge(mark, answer), answer),
    );
  },
};

type Mark = {
  scene: Scene;
  owner: Person;
  ids: Record<string, string>;
  before: State | string;
  after: State | string;
};

async function aim(scene: Scene): Promise<Mark | null> {
  const { run, op, owner } = scene;
  if (!owner) return null;
  const { ids, missing } = await objectsFor(run, op, owner, true);
  return missing === null ? { scene, owner, ids, before: "", after: "" } : null;
}

async function fireAt(mark: Mark) {
  const { scene, owner, ids } = mark;
  const { run, op } = scene;
  const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
  const stranger =
    someone(run, elsewhere, owner.role) ?? run.people.find(({ tenant }) => tenant === elsewhere);
  const colleague = isPrivateTo(run, op) ? someone(run, owner.tenant, owner.role, owner) : null;
  const hits = [];
  for (const person of [stranger, colleague]) {
    if (!person) continue;
    await revive(run, person);
    const body = await bodyFor(run, op, person);
    const answer = await run.client.send(genuine(run, op, person, { slug: person.tenant.slug, ids, body }));
    hits.push({ mark, answer, by: { who: `${person.label}, and a pause`, role: person.role } });
  }
  return hits;
}

function isPrivateTo(run: Run, op: Operation): boolean {
  return isPrivate(run, nounOf(op, op.named ?? ""));
}

function judge({ scene, before, after }: Mark, answer: Answer): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  if (answer.status < 400) return { verdict: "breached", detail: `${answer.status}: accepted` };
  if (typeof before === "string") return { verdict: "inconclusive", detail: before };
  if (typeof after === "string") return { verdict: "inconclusive", detail: after };
  if (before.text !== after.text)
    return {
      verdict: "breached",
      detail: `${answer.status}, and a moment later the object is another: ${after.text.slice(0, 80)}`,
    };
  if (!scene.control?.ok) return { verdict: "inconclusive", detail: `no control: ${scene.control?.detail}` };
  return { verdict: "held", detail: `${answer.status}, and the same after ${PAUSE_MS} ms` };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

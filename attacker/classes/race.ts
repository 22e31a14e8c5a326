import { genuine, goodBody, revive } from "../ask.ts";
import type { Answer, Ask } from "../client.ts";
import { isRecord, type Probe } from "../contract.ts";
import { leaksInternals } from "../judge.ts";
import { objectsFor } from "../objects.ts";
import type { Operation } from "../openapi.ts";
import { personOf, type Run } from "../run.ts";
import { type AttackClass, codeOf, type Judgement, type Scene, spoken, visitorFor } from "../scene.ts";

const AT_ONCE = 5;
const ROUNDS = 2;
/** A race that nobody lost once may still be lost the next time. */
const RACES = 3;

/** What may succeed once only, five times at the same moment. */
export const race: AttackClass = {
  name: "race",
  claim: "identity.invitations",
  excuse: (op, run) => {
    if (op.safe) return "changes no state";
    const raced = op.once || takesUnique(op) || run.manifest.races?.[op.key] !== undefined;
    return raced ? null : "nothing in it may happen only once";
  },
  after: async (scene): Promise<Probe[]> => {
    const { run, op } = scene;
    const probes: Probe[] = [];
    for (let round = 0; round < ROUNDS && (op.once || takesUnique(op)); round++)
      probes.push(await sameAtOnce(scene));
    const enter = run.manifest.races?.[op.key];
    for (let round = 0; round < RACES && enter; round++) {
      const racers = await enter();
      const asks = racers.map(({ slug, user, ids, body }) => {
        const person = personOf({ slug, users: [user], objects: {} }, user);
        return genuine(run, op, person, { slug, ids, body });
      });
      probes.push(
        await volley(run, op, asks, {
          who: `${asks.length} who may not all succeed`,
          role: racers[0]?.user.role ?? "none",
        }),
      );
    }
    return probes;
  },
};

async function sameAtOnce(scene: Scene): Promise<Probe> {
  const { run, op, owner } = scene;
  const by = { who: `${owner?.label ?? "a visitor"}, ${AT_ONCE} times at once`, role: owner?.role ?? "none" };
  const filling = await onceFilling(scene);
  if (typeof filling === "string") return spoken(race, op, by, { verdict: "inconclusive", detail: filling });
  if (owner) await revive(run, owner);
  const ask = genuine(run, op, owner, filling);
  return volley(
    run,
    op,
    Array.from({ length: AT_ONCE }, () => ask),
    by,
  );
}

/** What a first call would succeed with: an object and a body of its own. A text says what is missing. */
export async function onceFilling({ run, op, owner, slug }: Scene) {
  const found = owner ? await objectsFor(run, op, owner, true) : null;
  if (found && found.missing !== null) return found.missing;
  if (found?.handle && op.method === "DELETE") run.spent.add(found.handle.id);
  const body = await goodBody(run, op, owner ?? visitorFor(run));
  return { slug, ids: found?.ids ?? {}, body };
}

async function volley(
  run: Run,
  op: Operation,
  asks: Ask[],
  by: { who: string; role: string },
): Promise<Probe> {
  const answers = await Promise.all(asks.map((ask) => run.client.send(ask, { once: true })));
  const [first] = answers;
  const leak = answers.map(leaksInternals).find(Boolean);
  return spoken(race, op, by, leak ?? judge(answers), first);
}

function judge(answers: Answer[]): Judgement {
  const said = answers.map((answer) => `${answer.status} ${codeOf(answer)}`.trim()).join(", ");
  const successes = answers.filter(({ status }) => status >= 200 && status < 300).length;
  if (successes > 1) return { verdict: "breached", detail: `${successes} succeeded: ${said}` };
  const open = answers.some(({ status }) => status === 0 || status === 429 || status >= 500);
  if (open || successes === 0) return { verdict: "inconclusive", detail: said };
  return { verdict: "held", detail: `one succeeded: ${said}` };
}

function takesUnique(op: Operation): boolean {
  const properties = op.creates === null ? null : op.body?.schema.properties;
  return (
    isRecord(properties) && Object.values(properties).some((one) => isRecord(one) && one["x-unique"] === true)
  );
}

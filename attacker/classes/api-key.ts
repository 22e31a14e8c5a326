import { bodyFor, byKey, genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { leaksInternals, refusedWith, unjudgeable } from "../judge.ts";
import { objectsFor } from "../objects.ts";
import type { Operation } from "../openapi.ts";
import { allowed, type Person, type Run } from "../run.ts";
import { type AttackClass, codeOf, type Judgement, probeOf, type Shot } from "../scene.ts";

export const apiKey: AttackClass = {
  name: "api-key",
  claim: "connectors.api-keys",
  oneIn: 3,
  harmless: "reads",
  excuse: (op) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    return op.keys === null ? "the document does not say what API keys may do" : null;
  },
  shots: async ({ run, op, owner, slug, ids, body }) => {
    if (!owner) return [];
    const filling = { slug, ids, body };
    const shot = (who: string, role: string, ask: Shot["ask"], expected: number[]): Shot => ({
      who,
      role,
      ask,
      judge: (answer) => refusedWith(answer, expected),
    });
    const with_ = (person: Person, what: string, key: string, expected: number[]) =>
      shot(`${what} of the ${person.label}`, person.role, byKey(run, op, key, filling), expected);
    const shots: Shot[] = [];
    const stranger = run.people.find((person) => person.tenant !== owner.tenant && person.user.key);
    if (stranger?.user.key) shots.push(with_(stranger, "the key", stranger.user.key, [401]));
    const caller = callerFor(run, op, owner);
    const key = caller?.user.key;
    for (const person of run.people.filter(({ tenant }) => tenant === owner.tenant)) {
      for (const dead of person.user.deadKeys ?? []) shots.push(with_(person, "a dead key", dead, [401]));
    }
    if (!caller || !key) return shots;
    for (const [what, altered] of alterations(run, key)) shots.push(with_(caller, what, altered, [401]));
    await revive(run, caller);
    const both = genuine(run, op, caller, filling);
    const { authorization } = byKey(run, op, key, filling).headers;
    shots.push(
      shot(
        `the ${caller.label}, with a key beside the cookies`,
        caller.role,
        { ...both, headers: { ...both.headers, authorization: authorization ?? "" } },
        [400],
      ),
    );
    if (!op.keys) shots.push(with_(caller, "the key", key, [401, 403]));
    else if (op.fresh) shots.push(with_(caller, "the key, which proves no second factor,", key, [403]));
    const small = run.people.find(
      (person) => person.tenant === owner.tenant && person.user.key && allowed(op, person) === false,
    );
    if (small?.user.key) shots.push(with_(small, "the key", small.user.key, [403, 404]));
    return shots;
  },
  after: async (scene) => {
    const { run, op, owner } = scene;
    const caller = owner && callerFor(run, op, owner);
    const key = caller?.user.key;
    if (!op.keys || op.fresh || !caller || !key) return [];
    const { ids, handle, missing } = await objectsFor(run, op, caller, !op.safe);
    const body = await bodyFor(run, op, caller);
    const by = { who: `the key of the ${caller.label}, alone`, role: caller.role };
    if (missing !== null) {
      const none = { status: 0, headers: {}, body: "", json: undefined, ms: 0, digest: "" };
      return [probeOf(apiKey, op, by, none, { verdict: "inconclusive", detail: missing })];
    }
    const answer = await run.client.send(byKey(run, op, key, { slug: caller.tenant.slug, ids, body }));
    if (op.method === "DELETE" && answer.status < 300 && handle) run.spent.add(handle.id);
    const probe: Probe = probeOf(apiKey, op, by, answer, leaksInternals(answer) ?? admitted(op, answer));
    return [probe];
  },
};

/** The owner, or a colleague with a key who may make the call as well. */
function callerFor(run: Run, op: Operation, owner: Person): Person | null {
  if (owner.user.key) return owner;
  return (
    run.people.find(
      (person) => person.tenant === owner.tenant && person.user.key && allowed(op, person) !== false,
    ) ?? null
  );
}

/** A letter changed in the middle, another at the end, the end cut off. */
function alterations(run: Run, key: string): [string, string][] {
  const changed = (at: number) => {
    const other = [..."abcdefgh23456789"].filter((letter) => letter !== key[at]);
    return `${key.slice(0, at)}${run.random.pick(other) ?? "x"}${key.slice(at + 1)}`;
  };
  return [
    ["an altered key", changed(Math.floor(key.length / 2))],
    ["a key with another end", changed(key.length - 1)],
    ["a key cut off", key.slice(0, -4)],
  ];
}

function admitted(op: Operation, answer: Answer): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  const said = `${answer.status} ${codeOf(answer)}`.trim();
  if (answer.status < 300 || op.controlStatus.includes(answer.status))
    return { verdict: "held", detail: `${said}, as for its owner` };
  const shut = answer.status === 401 || answer.status === 403;
  return shut
    ? { verdict: "breached", detail: `${said} for a key of one who may` }
    : { verdict: "inconclusive", detail: `${said} for a key of one who may` };
}

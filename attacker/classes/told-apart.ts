import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { isPrivate, nounOf, objectsFor, unusedIds } from "../objects.ts";
import { allowed, type Person, someone } from "../run.ts";
import { type AttackClass, type Judgement, probeOf, type Scene } from "../scene.ts";

const ROUNDS = 3;
const PAIRS = 12;
/** Below this, a difference of medians says nothing over a network. */
const LEAST_MS = 1;
/** Of the Mann-Whitney test, as standard deviations. */
const SURE = 3.3;
const TOO_NOISY_MS = 60;

/** Another's object and an identifier of nothing: the same size, the same headers, the same time. */
export const toldApart: AttackClass = {
  name: "told-apart",
  claim: "tenancy.isolation-api",
  excuse: (op, run) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    if (!op.safe) return "what changes something is compared by foreign-tenant, without the time";
    if (op.ids.length === 0) return "names no object";
    const alike = run.manifest.tenants.filter(
      (one) => (one.kind ?? "customer") === (op.tenantKind ?? "customer"),
    );
    return alike.length > 1 ? null : "there is one tenant of its kind: nobody else's object to ask for";
  },
  after: async (scene): Promise<Probe[]> => {
    const { run, op, owner } = scene;
    if (!owner) return [];
    const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
    const stranger = someone(run, elsewhere, owner.role);
    const colleague = someone(run, owner.tenant, owner.role, owner);
    const isOnes = isPrivate(run, nounOf(op, op.named ?? ""));
    const probes: Probe[] = [];
    for (const person of [stranger, isOnes ? colleague : null]) {
      if (!person || allowed(op, person) === false) continue;
      await revive(run, person);
      const probe = await compare(scene, owner, person);
      if (probe) probes.push(probe);
    }
    return probes;
  },
};

async function compare({ run, op, control }: Scene, owner: Person, person: Person): Promise<Probe | null> {
  const { ids, missing } = await objectsFor(run, op, owner, false);
  if (missing !== null) return null;
  const slug = person.tenant.slug;
  const there = genuine(run, op, person, { slug, ids });
  const nothing = genuine(run, op, person, { slug, ids: unusedIds(run, ids) });
  const by = { who: `${person.label}, measuring`, role: person.role };
  const first = await run.client.send(there);
  const twin = await run.client.send(nothing);
  const judged = control?.ok
    ? (differing(first, twin) ?? (await timed({ there, nothing }, run.client.send)))
    : { verdict: "inconclusive" as const, detail: `no control: ${control?.detail ?? "none was made"}` };
  return probeOf(toldApart, op, by, first, judged);
}

function differing(there: Answer, nothing: Answer): Judgement | null {
  if (there.status !== nothing.status)
    return { verdict: "breached", detail: `${there.status}, but ${nothing.status} for an id of nothing` };
  const told = (answer: Answer) =>
    Object.entries(answer.headers).filter(
      ([name]) => !/^(date|x-request-id|ratelimit.*|x-ratelimit.*|retry-after|server-timing)$/.test(name),
    );
  const names = (answer: Answer) =>
    told(answer)
      .map(([name]) => name)
      .sort()
      .join();
  if (names(there) !== names(nothing))
    return { verdict: "breached", detail: `other headers than for an id of nothing: ${names(there)}` };
  if (there.body.length !== nothing.body.length)
    return {
      verdict: "breached",
      detail: `${there.body.length} characters, but ${nothing.body.length} for an id of nothing`,
    };
  return null;
}

type Asks = { there: Parameters<Send>[0]; nothing: Parameters<Send>[0] };
type Send = Scene["run"]["client"]["send"];

/** Samples of both in turn, in rounds; only what every round says the same way is believed. */
async function timed({ there, nothing }: Asks, send: Send): Promise<Judgement> {
  const signs: number[] = [];
  const seen: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [own, none]: [number[], number[]] = [[], []];
    for (let i = 0; i < PAIRS; i++) {
      const inOrder = i % 2 === 0;
      for (const isThere of inOrder ? [true, false] : [false, true])
        (isThere ? own : none).push((await send(isThere ? there : nothing, { once: true })).ms);
    }
    const [a, b] = [median(own), median(none)];
    seen.push(`${a.toFixed(1)} and ${b.toFixed(1)} ms`);
    if (spread(own) > TOO_NOISY_MS && spread(none) > TOO_NOISY_MS)
      return { verdict: "inconclusive", detail: `too noisy to compare: ${seen.join("; ")}` };
    const isSure = Math.abs(mannWhitney(own, none)) > SURE && Math.abs(a - b) > Math.max(LEAST_MS, 0.15 * b);
    if (!isSure) return { verdict: "held", detail: `the same size and headers; medians ${seen.join("; ")}` };
    signs.push(Math.sign(a - b));
  }
  const steady = signs.every((sign) => sign === signs[0]);
  return steady
    ? { verdict: "breached", detail: `told by the time, in each of ${ROUNDS} rounds: ${seen.join("; ")}` }
    : { verdict: "held", detail: `the same size and headers; no steady difference: ${seen.join("; ")}` };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function spread(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * 0.75)] ?? 0) - (sorted[Math.floor(sorted.length * 0.25)] ?? 0);
}

/** The normal approximation of U: how far the ranks of two samples lie apart, whatever their distribution. */
function mannWhitney(one: number[], other: number[]): number {
  const [n, m] = [one.length, other.length];
  const u = one.reduce(
    (sum, a) => sum + other.reduce((inner, b) => inner + (a > b ? 1 : a === b ? 0.5 : 0), 0),
    0,
  );
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

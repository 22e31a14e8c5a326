import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { isPrivate, nounOf, objectsFor, unusedIds } from "../objects.ts";
import { allowed, type Person, someone } from "../run.ts";
import { type AttackClass, type Judgement, probeOf, type Scene } from "../scene.ts";

const PAIRS = 12;
const MOST_ROUNDS = 24;
/** So many rounds in a row have to say the same way that the times differ. */
const STEADY = 3;
/** Below this, or this part of what an answer takes, a difference of medians says nothing over a network. */
const LEAST = { ms: 1, part: 0.15 };
/** A difference above this is not left unseen: until it can be ruled out, more is measured. */
const BOUND = { ms: 5, part: 0.5 };
/** How often the interval of the sign test may miss what is so. */
const MISSES = 0.01;

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

/**
 * Samples of both in turn, in rounds. Judged are the differences within pairs, which a busy machine slows alike: by the
 * interval in which their median lies (sign test), which a few late answers do not move. Breached is what differs the
 * same way in three rounds in a row; held what cannot differ by more than the bound; else it is measured once more.
 */
async function timed({ there, nothing }: Asks, send: Send): Promise<Judgement> {
  const differences: number[] = [];
  const usual: number[] = [];
  const signs: number[] = [];
  const seen: string[] = [];
  let unseen = "no answer could be measured";
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const pairs: { own: number; none: number }[] = [];
    for (let i = 0; i < PAIRS; i++) {
      const first = await send(i % 2 === 0 ? there : nothing, { once: true });
      const second = await send(i % 2 === 0 ? nothing : there, { once: true });
      if (!isMeasured(first) || !isMeasured(second)) continue;
      const [own, none] = i % 2 === 0 ? [first, second] : [second, first];
      pairs.push({ own: own.ms, none: none.ms });
    }
    if (pairs.length < PAIRS / 2) continue;
    const here = pairs.map(({ own, none }) => own - none);
    differences.push(...here);
    usual.push(...pairs.map(({ none }) => none));
    const base = median(usual);
    const [low, high] = interval(here);
    const isSure = (low > 0 || high < 0) && Math.abs(median(here)) > Math.max(LEAST.ms, LEAST.part * base);
    signs.push(isSure ? Math.sign(median(here)) : 0);
    seen.push(`${median(here).toFixed(1)} ms of ${base.toFixed(1)}`);
    if (isSteady(signs))
      return {
        verdict: "breached",
        detail: `told by the time, in ${STEADY} rounds in a row: ${seen.join("; ")}`,
      };
    if (isSure && round + 1 < MOST_ROUNDS) continue;
    const noise = Math.max(...interval(differences).map(Math.abs));
    const after = `${differences.length} pairs, median ${base.toFixed(1)} ms`;
    unseen = `± ${noise.toFixed(1)} ms after ${after}`;
    if (noise <= Math.max(BOUND.ms, BOUND.part * base))
      return { verdict: "held", detail: `the same size and headers; not told apart by the time (${unseen})` };
  }
  return { verdict: "inconclusive", detail: `too noisy to compare the times: ${unseen}` };
}

const isMeasured = ({ status }: Answer): boolean => status !== 0 && status !== 429 && status < 500;

function isSteady(signs: readonly number[]): boolean {
  const last = signs.slice(-STEADY);
  return last.length === STEADY && last[0] !== 0 && last.every((sign) => sign === last[0]);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Where the median lies, whatever the distribution: between the order statistics that the sign test leaves. */
export function interval(values: readonly number[]): [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let [k, chance] = [0, 0.5 ** n];
  for (let sum = chance; 2 * sum <= MISSES; sum += chance) {
    k++;
    chance *= (n - k + 1) / k;
  }
  if (k === 0) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return [sorted[k - 1] ?? 0, sorted[n - k] ?? 0];
}

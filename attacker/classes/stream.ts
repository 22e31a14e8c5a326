import { genuine, revive, sendGenuine, signIn } from "../ask.ts";
import type { Credentials, Probe } from "../contract.ts";
import { creatorsOf, objectOf } from "../objects.ts";
import type { Operation } from "../openapi.ts";
import { adopt, allowed, type Person, type Run, someone } from "../run.ts";
import { type AttackClass, type Judgement, type Scene, spoken } from "../scene.ts";
import { openStream, type Stream } from "../wire.ts";

const SETTLE_MS = 150;
const ARRIVES_MS = 4_000;
const LATER_MS = 300;
const ENDS_MS = 7_000;

/** What a stream carries: nothing of others, and nothing any more when its session has ended or its reader is shut out. */
export const stream: AttackClass = {
  name: "stream",
  claim: "tenancy.isolation-everywhere",
  excuse: (op, run) => {
    if (!op.stream) return "no stream";
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    if (run.origin === null) return "a transport was given: there is no connection to keep open";
    return op.ids.length > 0 && creatorsFor(run, op).length === 0
      ? "of one object, which foreign-tenant asks for"
      : null;
  },
  after: async (scene): Promise<Probe[]> => {
    const { run, op, owner } = scene;
    if (!owner || run.origin === null) return [];
    return op.ids.length > 0
      ? [await ofOne(scene, owner)]
      : [...(await carries(scene, owner)), ...(await ends(scene, owner))];
  },
};

/** Status 0 where no stream came. */
function listenTo(
  run: Run,
  op: Operation,
  person: Person,
  ids: Record<string, string> = {},
): Promise<Stream> {
  const ask = genuine(run, op, person, { slug: person.tenant.slug, ids });
  const none: Stream = { status: 0, text: () => "", ended: () => true, close: () => {} };
  return openStream(run.origin as URL, ask.path, ask.headers).catch(() => none);
}

/** A foreign object's stream never opens: its head alone must refuse, whoever asks. */
async function ofOne({ run, op, ids, control }: Scene, owner: Person): Promise<Probe> {
  const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
  const stranger = someone(run, elsewhere, owner.role) as Person;
  await revive(run, stranger);
  const opened = await listenTo(run, op, stranger, ids);
  await pause(LATER_MS);
  const text = opened.text();
  opened.close();
  const by = { who: `${stranger.label}, listening to another's`, role: stranger.role };
  const refused = opened.status >= 400 && opened.status < 500;
  const judged: Judgement = refused
    ? { verdict: control?.ok ? "held" : "inconclusive", detail: `${opened.status}` }
    : {
        verdict: opened.status > 0 && opened.status < 400 ? "breached" : "inconclusive",
        detail: `${opened.status}: ${text.slice(0, 80)}`,
      };
  return spoken(stream, op, by, judged);
}

/** The owner makes something private while others listen: it reaches the owner's own stream and no other. */
async function carries({ run, op }: Scene, owner: Person): Promise<Probe[]> {
  const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
  const creator = creatorsFor(run, op).find((one) => allowed(one, owner) !== false);
  const maker = creator
    ? owner
    : run.people.find(
        (one) => one.tenant === owner.tenant && creatorsFor(run, op).some((c) => allowed(c, one)),
      );
  const made = creator ?? creatorsFor(run, op)[0];
  const by = (person: Person) => ({ who: `${person.label}, listening`, role: person.role });
  if (!maker || !made)
    return [
      spoken(stream, op, by(owner), { verdict: "inconclusive", detail: "nobody can make what it tells of" }),
    ];
  const others = [someone(run, elsewhere, maker.role), someone(run, maker.tenant, maker.role, maker)];
  const listeners = [maker, ...others.flatMap((one) => (one && allowed(op, one) !== false ? [one] : []))];
  for (const person of listeners) await revive(run, person);
  const streams = await Promise.all(listeners.map((person) => listenTo(run, op, person)));
  await pause(SETTLE_MS);
  const handle = (await objectOf(run, made.creates ?? "", maker, true))?.id ?? null;
  const ids = handle === null ? [] : [handle];
  const own = streams[0] as Stream;
  await until(() => own.ended() || (handle !== null && own.text().includes(handle)), ARRIVES_MS);
  await pause(LATER_MS);
  const hidden = [...ids, ...(run.knownIds.get(maker.tenant.slug) ?? [])];
  const told = handle !== null && own.text().includes(handle);
  const probes = listeners.slice(1).map((person, i): Probe => {
    const heard = (streams[i + 1] as Stream).text();
    // Colleagues share a tenant: only what was just made is private for sure.
    const secret = person.tenant === maker.tenant ? ids : hidden;
    const seen = secret.find((id) => heard.includes(id));
    const judged: Judgement = seen
      ? { verdict: "breached", detail: `the stream carried ${seen}, which is another's` }
      : told
        ? { verdict: "held", detail: "its owner heard of it, and nobody else" }
        : { verdict: "inconclusive", detail: "its owner did not hear of it either" };
    return spoken(stream, op, by(person), judged);
  });
  for (const one of streams) one.close();
  return probes;
}

/** Signed out, or shut out of the tenant, while listening: the stream ends by itself. */
async function ends({ run, op }: Scene, owner: Person): Promise<Probe[]> {
  const signOut = run.operations.find((one) => one.method === "DELETE" && one.path === run.signInPath);
  const ways: [
    string,
    () => Promise<{ credentials: Credentials; end: (person: Person) => Promise<unknown> } | null>,
  ][] = [
    [
      "signed out while listening",
      async () => {
        const credentials = signOut ? await signIn(run, owner) : null;
        if (!signOut || !credentials) return null;
        const end = (person: Person) =>
          sendGenuine(run, signOut, person, { slug: owner.tenant.slug, ids: {} });
        return { credentials, end };
      },
    ],
  ];
  const hook = run.manifest.shutOut;
  if (hook)
    ways.push([
      "shut out while listening",
      async () => {
        const { credentials, shut } = await hook(owner.tenant.slug);
        return { credentials, end: shut };
      },
    ]);
  const probes: Probe[] = [];
  for (const [what, open] of ways) {
    const by = { who: `${owner.role} of ${owner.tenant.slug}, ${what}`, role: owner.role };
    const way = await open();
    if (way === null) continue;
    const double: Person = { ...owner, stale: null };
    adopt(double, way.credentials);
    probes.push(spoken(stream, op, by, await endsWith(run, op, double, way.end)));
    owner.suspect = true;
    await revive(run, owner);
  }
  return probes;
}

async function endsWith(
  run: Run,
  op: Operation,
  person: Person,
  end: (person: Person) => Promise<unknown>,
): Promise<Judgement> {
  const opened = await listenTo(run, op, person);
  await pause(SETTLE_MS);
  if (opened.status !== 200 || opened.ended())
    return { verdict: "inconclusive", detail: `${opened.status}: the stream did not stand before` };
  const started = performance.now();
  await end(person);
  await until(opened.ended, ENDS_MS);
  const ended = opened.ended();
  opened.close();
  return ended
    ? { verdict: "held", detail: `it ended after ${Math.round(performance.now() - started)} ms` }
    : { verdict: "breached", detail: `it still stood after ${ENDS_MS} ms` };
}

/** What makes the objects that a stream tells of: those that it lists, else those of the collection above it. */
function creatorsFor(run: Run, op: Operation): Operation[] {
  const above = op.path.replace(/\/[^/]+$/, "");
  const nouns =
    op.lists.length > 0
      ? op.lists
      : run.operations.flatMap((one) => (one.path === above && one.creates ? [one.creates] : []));
  if (op.ids.length > 0) return run.operations.filter(({ creates }) => creates === op.resource);
  const makers = run.people.filter(({ tenant }) => tenant === run.victim);
  return nouns
    .flatMap((noun) => makers.flatMap((person) => creatorsOf(run, noun, person)))
    .filter((one, i, all) => all.indexOf(one) === i);
}

async function until(done: () => boolean, most: number): Promise<void> {
  const end = performance.now() + most;
  while (!done() && performance.now() < end) await pause(20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

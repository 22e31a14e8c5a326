import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { attack } from "../../../../attacker/attack.ts";
import {
  CLASSES,
  type ClassName,
  type KnownObject,
  type Ledger,
  type Manifest,
  type Tenant,
  type Transport,
  type User,
} from "../../../../attacker/contract.ts";
import { openWire } from "../../../../attacker/wire.ts";
import type { System } from "../../../kernel/system.ts";
import { VOLATILE } from "../attack/service.ts";
import { PROOF_HEADER, proofOfRunner } from "./proof.ts";
import {
  anonymous,
  completed,
  NEEDS_MORE,
  type OpenApi,
  shuffled,
  withoutGuesses,
  withoutOperators,
} from "./scope.ts";
import { browserHeaders, openSessions, type Sessions } from "./sessions.ts";
import { type Canary, type CanaryMember, readyCanaries } from "./store.ts";

export interface CanaryAttack {
  /** Only what cannot hurt a running server. Everything else is for copies. */
  readonly harmless: boolean;
  /** How fast, on the average; as fast as it goes without. */
  readonly perSecond?: number;
  readonly seed?: string;
  /** Only these kinds of attempt. */
  readonly only?: readonly ClassName[];
}

/**
 * Attacks the server at `url` between the two canary tenants of its installation, each knowing the other's identifiers.
 * Throws when there are no canaries yet, and when this process ends meanwhile. The ledger names no content: what an answer held that should not have come is
 * cut off.
 */
export async function attackCanaries(
  system: System,
  url: string,
  { harmless, perSecond, only, seed = randomBytes(8).toString("hex") }: CanaryAttack,
): Promise<Ledger> {
  const canaries = await readyCanaries(system);
  if (!canaries) throw new Error("there are no canary tenants to attack");
  const sessions = openSessions(system);
  const wire = openWire(url);
  try {
    const tenants: Tenant[] = [];
    for (const canary of canaries) tenants.push(await tenantOf(sessions, canary));
    const response = await fetch(`${url}/api/openapi.json`, { headers: browserHeaders });
    const manifest: Manifest = {
      origin: url,
      tenants,
      publicKeys: [JSON.stringify(system.tokens.publicJwk)],
      signIn: async (slug, { userId }) => sessions.open(canaryOf(canaries, slug), userId),
      signInStale: async (slug, { userId }) => sessions.openStale(canaryOf(canaries, slug), userId),
      volatile: VOLATILE,
      mailDomain: `${canaries[0].secrets.marker}.invalid`,
    };
    const { document, operators } = withoutOperators((await response.json()) as OpenApi);
    const classes = (only ?? CLASSES).filter((name) => !NEEDS_MORE.includes(name));
    const ledger = await attack({
      openapi: shuffled(harmless ? document : withoutGuesses(document), seed),
      manifest,
      seed,
      classes,
      headers: { ...browserHeaders, [PROOF_HEADER]: await proofOfRunner(system) },
      request: patient(wire.request, system.ending),
      signal: system.ending,
      ...(harmless ? { harmless: true as const } : {}),
      ...(perSecond ? { pace: { perSecond, jitter: 0.6 } } : {}),
    });
    // What the end of this process cut off says nothing of the server.
    system.ending.throwIfAborted();
    return completed(anonymous(ledger, canaries), { operators, classes, harmless });
  } finally {
    wire.close();
    await sessions.endAll();
  }
}

const MOST_WAITS = 12;

/** It meets the limits that everybody meets, and waits as long as it is told to, each time. */
const patient =
  (request: Transport, ending: AbortSignal): Transport =>
  async (asked) => {
    for (let waits = 0; ; waits++) {
      const answer = await request(asked);
      if (answer.status !== 429 || waits === MOST_WAITS) return answer;
      const after = Number(answer.headers["retry-after"] ?? 1);
      await sleep((Number.isFinite(after) ? after : 1) * 1000 + Math.random() * 500, undefined, {
        signal: ending,
      });
    }
  };

const canaryOf = (canaries: readonly Canary[], slug: string): Canary => {
  const found = canaries.find((canary) => canary.slug === slug);
  if (!found) throw new Error("not a canary tenant");
  return found;
};

async function tenantOf(sessions: Sessions, canary: Canary): Promise<Tenant> {
  const { people, objects } = canary.secrets;
  const users: User[] = [];
  for (const member of people) users.push(await userOf(sessions, canary, member));
  // Those of the filling have ended: a list of sessions must show none of these.
  const session = people.map(
    ({ id }): KnownObject => ({ id: sessions.current(id), owner: id, visibility: "private" }),
  );
  return {
    slug: canary.slug,
    id: canary.id,
    kind: "customer",
    users,
    objects: {
      ...Object.fromEntries(Object.entries(objects).map(([noun, those]) => [noun, [...those]])),
      session,
    },
  };
}

async function userOf(sessions: Sessions, canary: Canary, member: CanaryMember): Promise<User> {
  const { id, name, role, address, key, deadKeys } = member;
  return {
    name,
    role,
    userId: id,
    address,
    ...(await sessions.open(canary, id)),
    stale: await sessions.openStale(canary, id),
    expired: await sessions.expired(canary, id),
    ...(key ? { key } : {}),
    ...(deadKeys.length > 0 ? { deadKeys: [...deadKeys] } : {}),
  };
}

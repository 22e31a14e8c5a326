import type { KnownObject } from "../../../../attacker/contract.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { permissions, rightsOf } from "../../../kernel/permissions.ts";
import type { System } from "../../../kernel/system.ts";
import { thingsOf, thingsOfAll } from "../attack/things.ts";
import { type Client, expectStatus, openClient } from "../stage/client.ts";
import { addPasskey } from "../stage/factors.ts";
import type { Person } from "../stage/people.ts";
import { PROOF_COOKIE, proofOfRunner } from "./proof.ts";
import { browserHeaders, openSessions, type Sessions } from "./sessions.ts";
import { type Canary, type CanaryMember, noteFilled } from "./store.ts";

/**
 * Puts into a canary what the attacker needs of everything: over HTTP, as its members would. Cut off
 * half-way it begins anew; what was made by then stays and does no harm.
 */
export async function fillCanary(
  system: System,
  url: string,
  canary: Canary,
  gently: boolean,
): Promise<void> {
  const sessions = openSessions(system);
  const { marker } = canary.secrets;
  const mark = (text: string) => `${text.replace(/\.$/, "")} ${marker}`;
  try {
    const filled = await each(canary.secrets.people, gently, async (member) => {
      const person = await personOf(system, url, sessions, canary, member);
      await addPasskey(person.client, mark("Passkey"));
      const keys = await makeKeys(system, canary, person);
      return { person, member: { ...member, ...keys }, things: await thingsOf(person, mark) };
    });
    const persons = filled.map(({ person }) => person);
    const people = filled.map(({ member }) => member);
    const things = filled.flatMap((one) => one.things);
    const of = (role: Person["role"]) => persons.filter((person) => person.role === role) as [Person, Person]; // as: two of each were made
    const all = { owner: of("owner"), admin: of("admin"), manager: of("manager"), viewer: of("viewer") };
    // A second factor stays fresh for five minutes, and a slow machine takes its time.
    for (const person of persons) adopt(person.client, await sessions.open(canary, person.id));
    things.push(...(await thingsOfAll({ owner: all.owner[0], people: all }, mark)));
    const objects: Record<string, KnownObject[]> = {};
    for (const [noun, object] of things) {
      objects[noun] ??= [];
      objects[noun].push(object);
    }
    await noteFilled(system, canary, { marker, people, objects, keysMadeAt: system.clock().toISOString() });
  } finally {
    await sessions.endAll();
  }
}

/** Does something for each: one after the other, or all at once. */
export async function each<T, R>(
  all: readonly T[],
  gently: boolean,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  if (!gently) return Promise.all(all.map(work));
  const done: R[] = [];
  for (const one of all) done.push(await work(one));
  return done;
}

/** A member at a browser. */
export async function personOf(
  system: System,
  url: string,
  sessions: Sessions,
  canary: Canary,
  { id, name, address, role }: CanaryMember,
): Promise<Person> {
  const client = openClient(url, canary.slug);
  client.cookies.set(PROOF_COOKIE, await proofOfRunner(system));
  const { call } = client;
  client.call = async (method, path, more = {}) => {
    // A process that ends waits for nothing of this.
    system.ending.throwIfAborted();
    return call(method, path, { ...more, headers: { ...browserHeaders, ...more.headers } });
  };
  adopt(client, await sessions.open(canary, id));
  return { id, name, address, role, password: "", client, passkey: null };
}

function adopt(client: Client, { cookies, csrf }: Awaited<ReturnType<Sessions["open"]>>): void {
  for (const [name, value] of Object.entries(cookies as Record<string, string>))
    client.cookies.set(name, value); // as: made by `credentials`
  client.csrf = csrf ?? "";
}

/** A key with all that keys of this person may do; of owners, one that was revoked and one that has run out as well. */
async function makeKeys(
  system: System,
  canary: Canary,
  { client, role }: Person,
): Promise<Pick<CanaryMember, "key" | "deadKeys">> {
  const held = rightsOf({ role, granted: null }, "canary");
  const scope = permissions().flatMap((p) => (p.forKeys && held.has(p.key) ? [p.key] : []));
  if (scope.length === 0) return { key: null, deadKeys: [] };
  const make = async (name: string): Promise<{ id: string; key: string }> => {
    const body = {
      name: `${name} ${canary.secrets.marker}`,
      permissions: scope,
      folder: null,
      networks: [],
      days: 90,
    };
    return expectStatus(await client.call("POST", "keys", { body }), 201, "making a key").json;
  };
  const good = await make("Good");
  if (role !== "owner") return { key: good.key, deadKeys: [] };
  const [revoked, over] = [await make("Revoked"), await make("Run out")];
  expectStatus(await client.call("DELETE", `keys/${revoked.id}`), 204, "revoking a key");
  await unit(jobContext(system, { tenantId: canary.id, slug: canary.slug }), (ctx) =>
    write(
      ctx,
      db
        .updateTable("api_key")
        .set({ expires_at: new Date(ctx.clock().getTime() - 60_000) })
        .where("key_id", "=", over.id),
    ),
  );
  return { key: good.key, deadKeys: [revoked.key, over.key] };
}

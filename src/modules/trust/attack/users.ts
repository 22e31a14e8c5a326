import type { Credentials, User } from "../../../../attacker/contract.ts";
import { signingKey } from "../../../kernel/open-system.ts";
import { permissions, rightsOf } from "../../../kernel/permissions.ts";
import { accessCookie } from "../../../kernel/routes/guards.ts";
import { openTokens } from "../../../kernel/tokens.ts";
import type { Authenticator } from "../stage/authenticator.ts";
import { type Client, expectStatus, openClient } from "../stage/client.ts";
import { addPasskey, stepUp } from "../stage/factors.ts";
import { type Person, signIn } from "../stage/people.ts";
import type { Stage } from "../stage/stage.ts";

/** The people of an attack, with what only they hold. */
export interface Crew {
  readonly stage: Stage;
  readonly origin: string;
  /** By member: what they prove a second factor with. */
  readonly passkeys: Map<string, Authenticator>;
}

/** A person as the attacker knows them: signed in with a fresh second factor, with a key and with an old session. */
export async function userOf(crew: Crew, person: Person, slug: string): Promise<User> {
  await confirmed(crew, person);
  // An access token of this moment: what was checked before the attack may have used up the one that there was.
  expectStatus(await person.client.call("POST", "session/refresh", { body: {} }), 200, "a new token");
  const [keys, stale, expired] = [
    await keysOf(crew, person, slug),
    await staleSession(crew, slug, credentialsIn(person)),
    await expiredCookies(crew.stage, slug, person),
  ];
  return { ...credentialsIn(person), ...keys, stale, expired };
}

/** Everybody may be asked for a second factor, so everybody has one, proved just now. */
async function confirmed(crew: Crew, { id, client, password, passkey }: Person): Promise<void> {
  const held = passkey ?? crew.passkeys.get(id);
  if (held) {
    expectStatus(await stepUp(client, held), 200, "confirming");
    crew.passkeys.set(id, held);
    return;
  }
  // What was checked before may have taken longer than a sign-in stays fresh.
  const body = { method: "password", password };
  expectStatus(await client.call("POST", "session/step-up", { body }), 200, "confirming with a password");
  crew.passkeys.set(id, await addPasskey(client));
}

function credentialsIn(person: Person): User {
  const { name, role, id: userId, address, password, client } = person;
  return { name, role, userId, address, password, ...credentialsOf(client) };
}

export const credentialsOf = ({ cookies, csrf }: Client): Credentials => ({
  cookies: Object.fromEntries(cookies),
  csrf,
});

/** A browser in which this user is signed in as the attacker has them now. */
export function clientOf(origin: string, slug: string, { cookies, csrf }: User): Client {
  const client = openClient(origin, slug);
  for (const [name, value] of Object.entries((cookies ?? {}) as Record<string, string>))
    client.cookies.set(name, value);
  client.csrf = csrf ?? "";
  return client;
}

/** Opens another session. The attack's own wrong passwords pause its accounts; the pause has a check of its own. */
export async function signInAnyway(crew: Crew, slug: string, user: User): Promise<Person> {
  const { stage, origin, passkeys } = crew;
  await stage.sql("postgres", async (client) => {
    await client.query("delete from sign_in_guard");
    await client.query("commit");
  });
  const { userId, address = "", password = "" } = user;
  return signIn(origin, slug, address, password, "viewer", passkeys.get(userId) ?? null);
}

/** A session that is good and whose second factor was proved too long ago: in time only the clock makes one. */
export async function staleSession(crew: Crew, slug: string, user: User): Promise<Credentials> {
  const { client } = await signInAnyway(crew, slug, user);
  const { json } = expectStatus(await client.call("GET", "sessions"), 200, "listing sessions");
  const current = json.items.find((one: { current: boolean }) => one.current);
  await crew.stage.sql("postgres", async (database) => {
    const { rowCount } = await database.query(
      "update session set factor_at = factor_at - interval '10 minutes' where session_id = $1",
      [current?.id],
    );
    if (rowCount !== 1) throw new Error("no session to age");
    await database.query("commit");
  });
  return credentialsOf(client);
}

/** A key with all that keys of this person may do, one that was revoked and one that has run out. */
async function keysOf({ stage }: Crew, { client, role }: Person, slug: string): Promise<Partial<User>> {
  const kind = slug === "operator" ? "operator" : "customer";
  const held = rightsOf({ role, granted: null }, kind);
  const scope = permissions().flatMap((p) => (p.forKeys && held.has(p.key) ? [p.key] : []));
  if (scope.length === 0) return {};
  const make = async (name: string): Promise<{ id: string; key: string }> => {
    const body = { name, permissions: scope, folder: null, networks: [], days: 30 };
    return expectStatus(await client.call("POST", "keys", { body }), 201, "making a key").json;
  };
  const good = await make("Good");
  if (role !== "owner") return { key: good.key };
  const [revoked, over] = [await make("Revoked"), await make("Run out")];
  expectStatus(await client.call("DELETE", `keys/${revoked.id}`), 204, "revoking a key");
  await stage.sql("postgres", async (database) => {
    await database.query("update api_key set expires_at = now() - interval '1 minute' where key_id = $1", [
      over.id,
    ]);
    await database.query("commit");
  });
  return { key: good.key, deadKeys: [revoked.key, over.key] };
}

/** A genuine access token whose time is over: only the server's own key can make one. */
async function expiredCookies(
  { server: { system } }: Stage,
  slug: string,
  { client }: Person,
): Promise<Record<string, string>> {
  const name = accessCookie(slug);
  const anHourAgo = () => new Date(Date.now() - 3_600_000);
  const tokens = await openTokens(await signingKey(system.pool, system.keyring), anHourAgo);
  const claims = await system.tokens.verify(client.cookies.get(name) ?? "");
  return { [name]: (await tokens.issue(claims)).token };
}

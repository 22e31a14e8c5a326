import type { BuiltInRole } from "../../../kernel/context.ts";
import type { Control } from "../../../kernel/controls.ts";
import { type KeptAuthenticator, reopenAuthenticator } from "./authenticator.ts";
import { openClient } from "./client.ts";
import { holdPasskey } from "./factors.ts";
import type { LiveServer } from "./live-server.ts";
import { type Company, companyOf, founderOf, type Person } from "./people.ts";
import { type Aim, type Cast, type Stage, stageOf } from "./stage.ts";

// A stage that was set once and is entered many times, on copies of the installation that it was set on.

export interface KeptPerson extends Omit<Person, "client" | "passkey"> {
  readonly slug: string;
  readonly cookies: readonly (readonly [string, string])[];
  readonly csrf: string;
  readonly passkey: KeptAuthenticator | null;
}

interface KeptCast extends Omit<Company, "hire" | "owner"> {
  readonly people: Readonly<Record<BuiltInRole, readonly [KeptPerson, KeptPerson]>>;
}

/** Plain data. Holds passwords and sessions of people who exist on that installation and its copies only. */
export interface KeptStage {
  readonly at: string;
  readonly operator: KeptPerson;
  readonly a: KeptCast;
  readonly b: KeptCast;
  /** By claim. */
  readonly scenes: Readonly<Record<string, unknown>>;
}

/** With the scenes of those claims that have one to keep. */
export async function keepStage(
  stage: Stage,
  controls: readonly Control<Stage>[],
  claims: ReadonlySet<string>,
): Promise<KeptStage> {
  const wanted = controls.flatMap(({ id, keepScene }) =>
    keepScene && claims.has(id) ? { id, keepScene } : [],
  );
  const set = await Promise.all(
    wanted.map(async ({ id, keepScene }) => [id, await keepScene(stage)] as const),
  );
  const { founder, a, b } = stage;
  return {
    scenes: Object.fromEntries(set),
    at: new Date().toISOString(),
    operator: keptPerson(founder.operator),
    a: keptCast(a),
    b: keptCast(b),
  };
}

/** Everybody is where they were: what runs out by the clock is moved to this moment, as if no time had passed. */
export async function enterStage(
  server: LiveServer,
  kept: KeptStage,
  only: readonly string[] | null,
  aim: Aim,
): Promise<Stage> {
  const { system, url } = server;
  const cast = ({ people, ...company }: KeptCast): Cast => {
    const pair = ([one, other]: readonly [KeptPerson, KeptPerson]): [Person, Person] => [
      personOf(url, one),
      personOf(url, other),
    ];
    const { owner, admin, manager, viewer } = people;
    const all = { owner: pair(owner), admin: pair(admin), manager: pair(manager), viewer: pair(viewer) };
    return { ...companyOf(system, { ...company, owner: all.owner[0] }), people: all };
  };
  const founder = founderOf(system, personOf(url, kept.operator));
  const stage = stageOf(
    server,
    { founder, a: cast(kept.a), b: cast(kept.b) },
    only,
    aim,
    new Map(Object.entries(kept.scenes)),
  );
  await stage.sql("postgres", async (client) => {
    const times = ["rotated_at", "created_at", "last_active_at", "expires_at", "factor_at", "confirmed_at"];
    const later = times.map((name) => `${name} = ${name} + (clock_timestamp() - $1::timestamptz)`);
    await client.query(`update session set ${later.join(", ")}`, [kept.at]);
    await client.query("commit");
  });
  return stage;
}

export function keptPerson({ client, passkey, ...person }: Person): KeptPerson {
  const { slug, cookies, csrf } = client;
  return { ...person, slug, cookies: [...cookies], csrf, passkey: passkey?.keep() ?? null };
}

export function personOf(origin: string, { slug, cookies, csrf, passkey, ...person }: KeptPerson): Person {
  const client = openClient(origin, slug);
  for (const [name, value] of cookies) client.cookies.set(name, value);
  client.csrf = csrf;
  const held = passkey ? reopenAuthenticator(passkey) : null;
  if (held) holdPasskey(client, held);
  return { ...person, client, passkey: held };
}

function keptCast({ slug, id, name, people }: Cast): KeptCast {
  const pair = ([one, other]: readonly [Person, Person]): [KeptPerson, KeptPerson] => [
    keptPerson(one),
    keptPerson(other),
  ];
  const { owner, admin, manager, viewer } = people;
  const all = { owner: pair(owner), admin: pair(admin), manager: pair(manager), viewer: pair(viewer) };
  return { slug, id, name, people: all };
}

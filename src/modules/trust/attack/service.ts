import { randomUUID } from "node:crypto";
import { attack } from "../../../../attacker/attack.ts";
import type {
  ClassName,
  KnownObject,
  Ledger,
  Manifest,
  Tenant,
  User,
} from "../../../../attacker/contract.ts";
import { signingKey } from "../../../kernel/open-system.ts";
import { accessCookie } from "../../../kernel/routes/guards.ts";
import { openTokens } from "../../../kernel/tokens.ts";
import { mailedToken, PASSWORD, type Person, signIn } from "../stage/people.ts";
import type { Cast, Stage } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";
import { classesFor } from "./classes.ts";
import { sampleText } from "./sample.ts";

/** The ledger of one attack on a stage; made once, read by every control that it speaks for. */
export function attackStage(stage: Stage): Promise<Ledger> {
  const known = stage.shared.get("attack") as Promise<Ledger> | undefined;
  if (known) return known;
  const running = runAttack(stage, stage.server.url, classesFor(stage.only));
  stage.shared.set("attack", running);
  return running;
}

/** Floods a server of the same stage whose limits are within reach. */
export const floodStage = (stage: Stage, origin: string): Promise<Ledger> =>
  runAttack(stage, origin, ["rate-limit"]);

async function runAttack(stage: Stage, origin: string, classes: readonly ClassName[]): Promise<Ledger> {
  const { server } = stage;
  // Not in the manifest, so that nothing is done to them: they invite whom the attacker needs.
  const clerk = await stage.b.hire("Clerk of the attack", "owner");
  const otherClerk = await stage.a.hire("Clerk of the attack", "owner");
  const manifest: Manifest = {
    origin,
    tenants: await withExpired(stage, [
      ...(await Promise.all([tenant(stage.a), tenant(stage.b)])),
      operatorTenant(stage),
    ]),
    routes: server.liveRoutes.map(({ method, url }) => ({ method, path: url })),
    unprobed: UNPROBED.map(([path, reason]) => ({ method: "GET", path, reason })),
    publicKeys: [JSON.stringify(server.system.tokens.publicJwk)],
    signIn: async (slug, user) => {
      return credentialsOf(await signInAnyway(stage, slug, user));
    },
    create: async (noun, slug, user) =>
      createSpare(stage, noun, slug, user, slug === stage.b.slug ? clerk : otherClerk),
    volatile: ["expiresAt", "lastActiveAt", "lastSignInAt", "state", "pages", "problem", "updatedAt", "ms"],
    bodies: {
      "PUT /api/t/{slug}/account/password": { current: "$password", new: "$password" },
      "POST /api/t/{slug}/tenants": () => ({
        slug: `spare-${randomUUID().slice(0, 8)}`,
        name: "Spare",
        ownerAddress: `${randomUUID().slice(0, 8)}@spare.example`,
      }),
      "POST /api/t/{slug}/invitations/accept": async () => ({
        token: await spareInvitation(stage, clerk),
        name: "Guest",
        password: PASSWORD,
      }),
    },
  };
  // As an outsider would get it: from the running server.
  const document = (await fetch(`${server.url}/api/openapi.json`).then((r) => r.json())) as object;
  return attack({ openapi: document, manifest, classes, seed: "vouchsafe" });
}

// Served outside of the table of routes; each answers the same to everybody.
const UNPROBED: [string, string][] = [
  ["/healthz", "says only that the process is alive"],
  ["/readyz", "says only whether the database answers"],
  ["/api/openapi.json", "the public description of the API"],
  ["/api/reference", "the public description of the API"],
  ["/assets/*", "the web app's own files"],
  ["/", "the web app's page, the same for everybody"],
  ["/set-up", "the web app's page, the same for everybody"],
  ["/outbox", "the web app's page, the same for everybody"],
  ["/security", "the web app's page, the same for everybody"],
  ["/t/*", "the web app's page, the same for everybody"],
  ["/*", "the web app's page for addresses that name nothing"],
];

// Invitations of the victim, since that is where the attacker's public calls go.
async function spareInvitation(stage: Stage, clerk: Person): Promise<string> {
  const address = `guest.${randomUUID().slice(0, 8)}@${stage.b.slug}.example`;
  await clerk.client.call("POST", "invitations", { body: { address, role: "viewer" } });
  return mailedToken(stage.server.system, address, "join");
}

// The attack's own wrong passwords pause its accounts; the pause has a check of its own.
async function signInAnyway(
  stage: Stage,
  slug: string,
  { address = "", password = "" }: User,
): Promise<Person> {
  await stage.sql("postgres", async (client) => {
    await client.query("delete from sign_in_guard");
    await client.query("commit");
  });
  return signIn(stage.server.url, slug, address, password, "viewer");
}

/** Gives each person something private, and the tenant something shared; waits until all of it can be read. */
async function tenant(cast: Cast): Promise<Tenant> {
  const objects: Record<string, KnownObject[]> = {
    document: [],
    chat: [],
    answer: [],
    member: [],
    session: [],
  };
  const own = (noun: string, id: string, owner: Person) =>
    objects[noun]?.push({ id, owner: owner.id, visibility: "private" });
  const add = async (person: Person, name: string, visibility: "private" | "tenant") => {
    const [document] = await upload(
      person.client,
      [{ name, bytes: Buffer.from(sampleText(person.name)) }],
      visibility,
    );
    if (!document) throw new Error("nothing was uploaded");
    await waitUntilReady(person.client, [document.id]);
    return document.id;
  };
  const equip = async (person: Person) => {
    objects.member?.push({ id: person.id, owner: person.id });
    const { json } = await person.client.call("GET", "sessions");
    own("session", json.items[0].id, person);
    if (person.role !== "viewer")
      own("document", await add(person, `Notes of ${person.name}.txt`, "private"), person);
    const answer = await ask(person.client, `What does ${person.name} keep in the drawer?`);
    own("chat", answer.chat, person);
    own("answer", answer.id, person);
  };
  const people = Object.values(cast.people).flat();
  await Promise.all(people.map(equip));
  const shared = await add(cast.owner, "House rules.txt", "tenant");
  objects.document?.push({ id: shared, owner: cast.owner.id, visibility: "tenant" });
  return { slug: cast.slug, id: cast.id, kind: "customer", users: people.map(userOf), objects };
}

function operatorTenant(stage: Stage): Tenant {
  return { slug: "operator", kind: "operator", users: [userOf(stage.founder.operator)], objects: {} };
}

function userOf(person: Person): User {
  return {
    name: person.name,
    role: person.role,
    userId: person.id,
    address: person.address,
    password: person.password,
    ...credentialsOf(person),
  };
}

const credentialsOf = (person: Person) => ({
  cookies: Object.fromEntries(person.client.cookies),
  csrf: person.client.csrf,
});

/** Gives each user a genuine access token whose time is over: only the server's own key can make one. */
async function withExpired(stage: Stage, tenants: Tenant[]): Promise<Tenant[]> {
  const { pool, keyring } = stage.server.system;
  const anHourAgo = await openTokens(await signingKey(pool, keyring), () => new Date(Date.now() - 3_600_000));
  for (const { slug, users } of tenants) {
    for (const user of users) {
      const cookies = user.cookies as Record<string, string>;
      const claims = await stage.server.system.tokens.verify(cookies[accessCookie(slug)] ?? "");
      user.expired = { [accessCookie(slug)]: (await anHourAgo.issue(claims)).token };
    }
  }
  return tenants;
}

async function createSpare(
  stage: Stage,
  noun: string,
  slug: string,
  user: User,
  clerk: Person,
): Promise<string | null> {
  const cast = [stage.a, stage.b].find((c) => c.slug === slug);
  if (!cast) return null;
  if (noun === "member") {
    const spare = await cast.hire(`Spare ${randomUUID().slice(0, 8)}`, "viewer", clerk.client);
    return spare.id;
  }
  if (noun === "session") {
    const person = await signInAnyway(stage, slug, user);
    const { json } = await person.client.call("GET", "sessions");
    return json.items.find((s: { current: boolean }) => s.current)?.id ?? null;
  }
  return null;
}

import { randomUUID } from "node:crypto";
import { attack } from "../../../../attacker/attack.ts";
import type { Ledger, Manifest, Tenant, User } from "../../../../attacker/contract.ts";
import { sampleText } from "./sample.ts";
import { type Person, signIn } from "../stage/people.ts";
import type { Cast, Stage } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";

/** The ledger of one attack on a stage; made once, read by every control that it speaks for. */
export function attackStage(stage: Stage): Promise<Ledger> {
  const known = stage.shared.get("attack") as Promise<Ledger> | undefined;
  if (known) return known;
  const running = runAttack(stage);
  stage.shared.set("attack", running);
  return running;
}

async function runAttack(stage: Stage): Promise<Ledger> {
  const { server } = stage;
  const manifest: Manifest = {
    origin: server.url,
    tenants: [await tenant(stage.a), await tenant(stage.b), operatorTenant(stage)],
    routes: server.liveRoutes.map(({ method, url }) => ({ method, path: url })),
    unprobed: UNPROBED.map(([path, reason]) => ({ method: "GET", path, reason })),
    publicKeys: [JSON.stringify(server.system.tokens.publicJwk)],
    signIn: async (slug, user) => {
      const person = await signIn(server.url, slug, user.address ?? "", user.password ?? "", "viewer");
      return credentialsOf(person);
    },
    create: async (noun, slug, user) => createSpare(stage, noun, slug, user),
    bodies: {
      [`POST /api/t/{slug}/documents`]: fileBody,
    },
  };
  // As an outsider would get it: from the running server.
  const document = (await fetch(`${server.url}/api/openapi.json`).then((r) => r.json())) as object;
  return attack({ openapi: document, manifest, seed: "vouchsafe" });
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
];

const fileBody = () => {
  const form = new FormData();
  form.append("file", new Blob([`Spare text ${randomUUID()}`]), "spare.txt");
  return form;
};

async function tenant(cast: Cast): Promise<Tenant> {
  const objects: Tenant["objects"] = { document: [], chat: [], member: [], session: [], message: [], invitation: [] };
  for (const [role, people] of Object.entries(cast.people)) {
    for (const person of people) {
      objects["member"]?.push({ id: person.id, owner: person.id });
      const sessions = await person.client.call("GET", "sessions");
      const [first] = sessions.json.items;
      if (first) objects["session"]?.push({ id: first.id, owner: person.id, visibility: "private" });
      if (role === "viewer") continue;
      const [document] = await upload(person.client, [{ name: `Notes of ${person.name}.txt`, bytes: Buffer.from(sampleText(person.name)) }]);
      if (!document) throw new Error("nothing was uploaded");
      objects["document"]?.push({ id: document.id, owner: person.id, visibility: "private" });
      await waitUntilReady(person.client, [document.id]);
      const answer = await ask(person.client, `What does ${person.name} keep in the drawer?`);
      objects["chat"]?.push({ id: answer.chat, owner: person.id, visibility: "private" });
      objects["message"]?.push({ id: answer.id, owner: person.id, visibility: "private" });
    }
  }
  const users = Object.values(cast.people).flat().map(userOf);
  return { slug: cast.slug, id: cast.id, kind: "customer", users, objects };
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

const credentialsOf = (person: Person) => ({ cookies: Object.fromEntries(person.client.cookies), csrf: person.client.csrf });

async function createSpare(stage: Stage, noun: string, slug: string, user: User): Promise<string | null> {
  const cast = [stage.a, stage.b].find((c) => c.slug === slug);
  if (!cast) return null;
  if (noun === "member") {
    const spare = await cast.hire(`Spare ${randomUUID().slice(0, 8)}`, "viewer");
    return spare.id;
  }
  if (noun === "session") {
    const person = await signIn(stage.server.url, slug, user.address ?? "", user.password ?? "", "viewer");
    const { json } = await person.client.call("GET", "sessions");
    return json.items.find((s: { current: boolean }) => s.current)?.id ?? null;
  }
  return null;
}

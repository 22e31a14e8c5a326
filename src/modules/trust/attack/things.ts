import type { KnownObject, Ledger, Tenant } from "../../../../attacker/contract.ts";
import { storeAttack } from "../live/store.ts";
import { expectStatus } from "../stage/client.ts";
import type { Person } from "../stage/people.ts";
import type { Cast } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";
import { sampleText, secretWord } from "./sample.ts";
import { type Crew, userOf } from "./users.ts";

/** What the attacker is told of a customer: who works there, and what is whose. */
export async function tenantOf(crew: Crew, cast: Cast, withThings: boolean): Promise<Tenant> {
  const people = Object.values(cast.people).flat();
  const users = await Promise.all(people.map((person) => userOf(crew, person, cast.slug)));
  const things = withThings
    ? [...(await Promise.all(people.map((person) => thingsOf(person)))), await thingsOfAll(cast)].flat()
    : [];
  const objects: Record<string, KnownObject[]> = {};
  for (const [noun, object] of things) {
    objects[noun] ??= [];
    objects[noun].push(object);
  }
  return { slug: cast.slug, id: cast.id, kind: "customer", users, objects };
}

/** What only the operator has: an attack that was made before, of which there is little to tell. */
export async function thingsOfOperator({ stage }: Crew): Promise<Record<string, KnownObject[]>> {
  const { id } = await storeAttack(stage.server.system, "rehearsal", UNTRIED);
  return { "attack-run": [{ id }] };
}

const UNTRIED: Ledger = {
  probes: [],
  summary: {
    ...{ seed: "none", routes: 0, classes: [], probes: 0, held: 0, breached: 0, inconclusive: 0 },
    ...{ requests: 0, ms: 0, uncovered: [] },
  },
};

export type Thing = [noun: string, object: KnownObject];
/** What is made of a text before it is written anywhere. */
export type Mark = (text: string) => string;
const unmarked: Mark = (text) => text;

/** Gives a person something of each kind that is private to its owner; waits until all of it can be read. */
export async function thingsOf(person: Person, mark: Mark = unmarked): Promise<Thing[]> {
  const { client, role, name, id: owner } = person;
  const own = (noun: string, id: string): Thing => [noun, { id, owner, visibility: "private" }];
  const factors = expectStatus(await client.call("GET", "account/factors"), 200, "listing factors").json;
  const answer = await ask(client, `What does ${name} keep in the drawer?`);
  const things = [
    own("session", await idOf(person, "sessions")),
    own("key", await idOf(person, "keys")),
    own("notice", await idOf(person, "notices")),
    own("passkey", factors.passkeys[0].id),
    own("export", await exported(person)),
    own("chat", answer.chat),
    own("answer", answer.id),
    own(
      "saved-search",
      await made(person, "saved-searches", { name: mark("Drawer"), q: mark("drawer"), filters: {} }),
    ),
  ];
  if (role !== "viewer") {
    const drawer = { name: `Drawer of ${name}`, parent: null };
    const notes = await uploaded(person, `Notes of ${name}.txt`, "private");
    // The first version goes by the document's id.
    const words = [secretWord(owner)];
    things.push(["document", { id: notes, owner, visibility: "private", words }], own("version", notes));
    things.push(own("binned", await binned(person, mark)));
    things.push(own("upload", await begun(person)));
    things.push(own("folder", await made(person, "folders", drawer)));
  }
  return [["member", { id: owner, owner }], ...things];
}

/** What belongs to the tenant, and what one person shares with others. */
export async function thingsOfAll(
  { owner, people }: Pick<Cast, "owner" | "people">,
  mark: Mark = unmarked,
): Promise<Thing[]> {
  const [admin] = people.admin;
  const reader = people.viewer[1];
  const things: Thing[] = [];
  const rules = await uploaded(owner, `${mark("House rules")}.txt`, "tenant");
  for (const noun of ["document", "version"])
    things.push([noun, { id: rules, owner: owner.id, visibility: "tenant" }]);
  for (const [person, with_] of [
    [owner, { kind: "tenant", id: null }],
    [admin, { kind: "member", id: reader.id }],
  ] as const) {
    const folder = await made(person, "folders", { name: mark("Shelf"), parent: null });
    const share = await made(person, `folders/${folder}/shares`, { with: with_, access: "read" });
    const open = with_.kind === "tenant" ? { visibility: "tenant" as const } : {};
    things.push(["folder", { id: folder, owner: person.id, ...open }]);
    things.push(["share", { id: share, owner: person.id, visibility: "private" }]);
  }
  const role = { name: mark("Archivist"), permissions: ["document.read"] };
  const grant = { hours: 1, reason: mark("Search finds nothing") };
  things.push(["group", { id: await made(admin, "groups", { name: mark("Night shift") }) }]);
  things.push(["role", { id: await made(admin, "roles", role) }]);
  things.push(["entry", { id: await idOf(owner, "audit?limit=1") }]);
  things.push(["support-grant", { id: await made(owner, "support-grants", grant) }]);
  return things;
}

/** A file of which nothing has come yet. */
export const begun = (person: Person): Promise<string> =>
  made(person, "uploads", { name: `Plans of ${person.name}.txt`, bytes: 100, folder: null });

/** A document that its owner deleted. */
export async function binned(person: Person, mark: Mark = unmarked): Promise<string> {
  const bytes = Buffer.from(`${mark("Gone.")}\n`);
  const [document] = await upload(person.client, [{ name: `${mark("Gone")}.txt`, bytes }]);
  if (!document) throw new Error("nothing was uploaded");
  expectStatus(await person.client.call("DELETE", `documents/${document.id}`), 204, "deleting a document");
  return document.id;
}

/** An export of their own data, with a part that can be fetched. */
export async function exported({ client }: Person): Promise<string> {
  const { id } = expectStatus(
    await client.call("POST", "account/exports", { body: {} }),
    201,
    "an export",
  ).json;
  for (let tries = 0; tries < 600; tries++) {
    const { json } = expectStatus(await client.call("GET", "exports"), 200, "looking at exports");
    const { state } = json.items.find((one: { id: string }) => one.id === id);
    if (state === "ready") return id;
    if (state !== "making") throw new Error(`an export is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("an export took too long");
}

async function idOf({ client }: Person, list: string): Promise<string> {
  const { json } = expectStatus(await client.call("GET", list), 200, `listing ${list}`);
  const id: unknown = json.items[0]?.id;
  if (typeof id !== "string") throw new Error(`nothing in ${list}`);
  return id;
}

async function made({ client }: Person, path: string, body: object): Promise<string> {
  return expectStatus(await client.call("POST", path, { body }), 201, `making one of ${path}`).json.id;
}

async function uploaded(
  { client, id, name: person }: Person,
  name: string,
  visibility: "private" | "tenant",
): Promise<string> {
  const text = sampleText(person, visibility === "private" ? secretWord(id) : "none");
  const [document] = await upload(client, [{ name, bytes: Buffer.from(text) }], visibility);
  if (!document) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [document.id]);
  return document.id;
}

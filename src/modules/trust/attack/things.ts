import type { KnownObject, Tenant } from "../../../../attacker/contract.ts";
import { expectStatus } from "../stage/client.ts";
import type { Person } from "../stage/people.ts";
import type { Cast } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";
import { sampleText } from "./sample.ts";
import { type Crew, userOf } from "./users.ts";

/** What the attacker is told of a customer: who works there, and what is whose. */
export async function tenantOf(crew: Crew, cast: Cast, withThings: boolean): Promise<Tenant> {
  const objects: Record<string, KnownObject[]> = {};
  const add = (noun: string, object: KnownObject) => {
    objects[noun] ??= [];
    objects[noun].push(object);
  };
  const people = Object.values(cast.people).flat();
  const users = await Promise.all(people.map((person) => userOf(crew, person, cast.slug)));
  if (withThings) {
    await Promise.all(people.map((person) => equip(person, add)));
    await furnish(cast, add);
  }
  return { slug: cast.slug, id: cast.id, kind: "customer", users, objects };
}

type Add = (noun: string, object: KnownObject) => void;

/** Gives a person something of each kind that is private to its owner; waits until all of it can be read. */
async function equip(person: Person, add: Add): Promise<void> {
  const own = (noun: string, id: string) => add(noun, { id, owner: person.id, visibility: "private" });
  const { client, role, name } = person;
  add("member", { id: person.id, owner: person.id });
  own("session", await idOf(person, "sessions"));
  own("key", await idOf(person, "keys"));
  const factors = expectStatus(await client.call("GET", "account/factors"), 200, "listing factors").json;
  own("passkey", factors.passkeys[0].id);
  own("notice", await idOf(person, "notices"));
  if (role !== "viewer") {
    own("document", await uploaded(person, `Notes of ${name}.txt`, "private"));
    own("folder", await made(person, "folders", { name: `Drawer of ${name}`, parent: null }));
  }
  const answer = await ask(client, `What does ${name} keep in the drawer?`);
  own("chat", answer.chat);
  own("answer", answer.id);
}

/** What belongs to the tenant, and what one person shares with others. */
async function furnish({ owner, people }: Cast, add: Add): Promise<void> {
  const [admin] = people.admin;
  const [viewer] = people.viewer;
  const shared = await uploaded(owner, "House rules.txt", "tenant");
  add("document", { id: shared, owner: owner.id, visibility: "tenant" });
  for (const person of [owner, admin]) {
    const folder = await made(person, "folders", { name: "Shelf", parent: null });
    add("folder", { id: folder, owner: person.id });
    const body = { with: { kind: "member", id: viewer.id }, access: "read" };
    const share = await made(person, `folders/${folder}/shares`, body);
    add("share", { id: share, owner: person.id, visibility: "private" });
  }
  add("group", { id: await made(admin, "groups", { name: "Night shift" }) });
  add("role", { id: await made(admin, "roles", { name: "Archivist", permissions: ["document.read"] }) });
  add("support-grant", {
    id: await made(owner, "support-grants", { hours: 1, reason: "Search finds nothing" }),
  });
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
  { client, name: person }: Person,
  name: string,
  visibility: "private" | "tenant",
): Promise<string> {
  const [document] = await upload(client, [{ name, bytes: Buffer.from(sampleText(person)) }], visibility);
  if (!document) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [document.id]);
  return document.id;
}

import { randomUUID } from "node:crypto";
import type { User } from "../../../../attacker/contract.ts";
import { type Client, expectStatus } from "../stage/client.ts";
import { addPasskey } from "../stage/factors.ts";
import type { Person } from "../stage/people.ts";
import { type Crew, clientOf, signInAnyway } from "./users.ts";

const ROOM_FOR_PASSKEYS = 16;

/** Makes what no route creates, for a user's own call to change or destroy. Null for what cannot be made. */
export async function createSpare(
  crew: Crew,
  clerks: Readonly<Record<string, Person>>,
  noun: string,
  slug: string,
  user: User,
): Promise<string | null> {
  const { stage, origin } = crew;
  const cast = [stage.a, stage.b].find((one) => one.slug === slug);
  const clerk = clerks[slug];
  if (noun === "passkey") {
    const client = clientOf(origin, slug, user);
    const ids = async (): Promise<string[]> => {
      const { json } = expectStatus(await client.call("GET", "account/factors"), 200, "listing factors");
      return json.passkeys.map((one: { id: string }) => one.id);
    };
    const before = await ids();
    // A member may have so many; the oldest spare ones have served their turn.
    for (const id of before.length > ROOM_FOR_PASSKEYS ? before.slice(2, 6) : [])
      expectStatus(await client.call("DELETE", `account/passkeys/${id}`), 204, "removing a spare passkey");
    await addPasskey(client, "Spare");
    return (await ids()).find((id) => !before.includes(id)) ?? null;
  }
  if (noun === "session") {
    const person = await signInAnyway(crew, slug, user);
    const { json } = await person.client.call("GET", "sessions");
    return json.items.find((s: { current: boolean }) => s.current)?.id ?? null;
  }
  if (noun === "support-grant" && slug === "operator") {
    // The operator enters where a customer lets them in.
    const body = { hours: 1, reason: "Search finds nothing" };
    const { json } = await (clerks[stage.b.slug] as Person).client.call("POST", "support-grants", { body });
    return json?.id ?? null;
  }
  // One that the operator created, and whose owner has joined.
  if (noun === "joined-tenant" && slug === "operator") return stage.b.id;
  if (!cast || !clerk) return null;
  const spare = async () => cast.hire(`Spare ${randomUUID().slice(0, 8)}`, "viewer", clerk.client);
  if (noun === "member") return (await spare()).id;
  if (noun === "suspended-member") {
    const { id } = await spare();
    const path = `members/${id}/suspension`;
    expectStatus(await clerk.client.call("PUT", path, { body: {} }), 204, "suspending a member");
    return id;
  }
  if (noun === "removed-member") {
    const { id, client } = await spare();
    expectStatus(await client.call("POST", "chats", { body: {} }), 201, "something to hand over");
    expectStatus(await clerk.client.call("DELETE", `members/${id}`), 204, "removing a member");
    return id;
  }
  if (noun === "binned" || noun === "version") return spareDocument(clientOf(origin, slug, user), noun);
  if (noun === "share") return shareOfViewer(clerk, origin, slug, user);
  if (noun === "workspace-key") {
    const body = { name: "Spare", permissions: ["member.read"], folder: null, networks: [], days: 1 };
    const { client } = cast.people.manager[1];
    return expectStatus(await client.call("POST", "keys", { body }), 201, "making a key").json.id;
  }
  return null;
}

/** A document, or one that its owner deleted; a document's first version goes by its id. Null for who may add none. */
async function spareDocument(client: Client, noun: "binned" | "version"): Promise<string | null> {
  const form = new FormData();
  form.append("file", new Blob(["Spare.\n"]), "Spare.txt");
  const { status, json } = await client.call("POST", "documents", { raw: form });
  const id: unknown = status === 201 ? json.items[0]?.id : null;
  if (typeof id !== "string") return null;
  if (noun === "binned")
    expectStatus(await client.call("DELETE", `documents/${id}`), 204, "deleting a document");
  return id;
}

/** A viewer shares nothing; who was a manager once may have, and takes it back. */
async function shareOfViewer(clerk: Person, origin: string, slug: string, user: User): Promise<string> {
  const role = async (name: string) =>
    expectStatus(
      await clerk.client.call("PATCH", `members/${user.userId}`, { body: { role: name } }),
      204,
      `making ${user.name} a ${name}`,
    );
  const client = clientOf(origin, slug, user);
  const chat = expectStatus(await client.call("POST", "chats", { body: {} }), 201, "opening a chat").json.id;
  await role("manager");
  const body = { with: { kind: "tenant", id: null }, access: "read" };
  const { json } = expectStatus(await client.call("POST", `chats/${chat}/shares`, { body }), 201, "sharing");
  await role(user.role);
  return json.id;
}

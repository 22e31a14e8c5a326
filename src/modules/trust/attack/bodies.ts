import { randomUUID } from "node:crypto";
import type { Body, Tenant, User } from "../../../../attacker/contract.ts";
import { openAuthenticator } from "../stage/authenticator.ts";
import { type Client, expectStatus } from "../stage/client.ts";
import { mailedToken, PASSWORD, type Person } from "../stage/people.ts";
import { totpCode } from "../stage/totp.ts";
import { createSpare } from "./spares.ts";
import { type Crew, clientOf } from "./users.ts";

type Caller = { tenant: string; user: User };

/**
 * Bodies that name what is there: identifiers of the caller's own things and of colleagues, answers to challenges,
 * tokens out of mails. All else is made from the schemas.
 */
export async function bodiesOf(
  crew: Crew,
  tenants: readonly Tenant[],
  clerks: Readonly<Record<string, Person>>,
): Promise<Record<string, Body>> {
  const { stage, origin, passkeys } = crew;
  const objects = (caller: Caller, noun: string) =>
    tenants.find(({ slug }) => slug === caller.tenant)?.objects[noun] ?? [];
  const own = (caller: Caller, noun: string): string | null =>
    objects(caller, noun).find(({ owner }) => owner === caller.user.userId)?.id ?? null;
  // The last of them, who takes no part in the attack: what is shared with those who do is no secret to them.
  const colleague = (caller: Caller): string | null =>
    tenants.find(({ slug }) => slug === caller.tenant)?.users.at(-1)?.userId ?? null;
  const client = (caller: Caller): Client => clientOf(origin, caller.tenant, caller.user);
  // Of those who may not, or whose session has ended, there is no challenge to answer: their body is made up.
  const begun = async (caller: Caller, path: string) => {
    const { status, json } = await client(caller).call("POST", path, { body: {} });
    return status === 200 ? json : { ticket: "A".repeat(43), options: null };
  };
  const forSomeone = (make: (caller: Caller) => unknown) => (caller: Caller | null) =>
    caller ? make(caller) : {};

  // Opened by those who may open what is others': nothing that must stay closed.
  const asides: Record<string, string> = {};
  for (const cast of [stage.a, stage.b]) {
    const viewer = await cast.hire("Viewer beside the attack", "viewer", clerks[cast.slug]?.client);
    const { json } = expectStatus(await viewer.client.call("POST", "chats", { body: {} }), 201, "a chat");
    asides[cast.slug] = json.id;
  }
  let newest = "another-one";
  const share = forSomeone((caller) => ({ with: { kind: "member", id: colleague(caller) }, access: "read" }));
  return {
    "PUT /api/t/{slug}/account/password": { current: "$password", new: "$password" },
    "POST /api/t/{slug}/account/address": async () => {
      // A member may ask only so often in an hour; that limit has a check of its own.
      await stage.sql("postgres", async (database) => {
        await database.query("update address_change set created_at = created_at - interval '2 hours'");
        await database.query("commit");
      });
      return { address: "$fresh-address", password: "$password" };
    },
    "POST /api/t/{slug}/tenants": () => {
      newest = `spare-${randomUUID().slice(0, 8)}`;
      return { slug: newest, name: "Spare", ownerAddress: `${randomUUID().slice(0, 8)}@spare.example` };
    },
    // Of the one that was made for it a moment ago.
    "POST /api/t/{slug}/tenants/{id}/closing": () => ({ slug: newest, reason: "The contract has ended." }),
    "POST /api/t/{slug}/tenants/{id}/users": () => ({
      users: [{ address: `${randomUUID().slice(0, 8)}@spare.example`, name: "Spare Person", role: "viewer" }],
    }),
    // Nobody's: the right one would erase whoever asks.
    "POST /api/t/{slug}/account/erasure": { address: "$fresh-address" },
    "POST /api/t/{slug}/invitations": { address: "$fresh-address", role: "viewer" },
    "PATCH /api/t/{slug}/members/{id}": { role: "manager" },
    "POST /api/t/{slug}/keys": forSomeone((caller) => ({
      name: "Nightly export",
      permissions: [caller.tenant === "operator" ? "member.read" : "document.read"],
      folder: own(caller, "folder"),
      networks: [],
      days: 30,
    })),
    "PATCH /api/t/{slug}/roles/{id}": { name: "$fresh", permissions: ["document.read", "folder.read"] },
    "POST /api/t/{slug}/folders": forSomeone((caller) => ({ name: "Shelf", parent: own(caller, "folder") })),
    "PATCH /api/t/{slug}/folders/{id}": { name: "$fresh" },
    "PUT /api/t/{slug}/folders/{id}/parent": forSomeone((caller) => ({ parent: own(caller, "folder") })),
    "POST /api/t/{slug}/documents": forSomeone((caller) => ({ folder: own(caller, "folder"), file: [] })),
    "POST /api/t/{slug}/documents/{id}/versions": { file: [] },
    "POST /api/t/{slug}/documents/move": forSomeone((caller) => ({
      ids: [own(caller, "document") ?? randomUUID()],
      folder: own(caller, "folder"),
    })),
    "POST /api/t/{slug}/documents/delete": forSomeone(async (caller) => ({
      ids: [(await createSpare(crew, clerks, "version", caller.tenant, caller.user)) ?? randomUUID()],
    })),
    "POST /api/t/{slug}/bin/restore": forSomeone(async (caller) => ({
      ids: [(await createSpare(crew, clerks, "binned", caller.tenant, caller.user)) ?? randomUUID()],
    })),
    "POST /api/t/{slug}/uploads": forSomeone((caller) => ({
      name: "Plans.txt",
      bytes: 100,
      folder: own(caller, "folder"),
    })),
    "POST /api/t/{slug}/uploads/{id}/pieces": { offset: "0", file: [] },
    "POST /api/t/{slug}/folders/paths": forSomeone((caller) => ({
      parent: own(caller, "folder"),
      paths: ["Leases/Mill Street"],
    })),
    "POST /api/t/{slug}/chats/{id}/questions": forSomeone((caller) => ({
      text: "What is in the drawer?",
      filters: filtersOf(own(caller, "folder"), own(caller, "document")),
    })),
    "POST /api/t/{slug}/saved-searches": forSomeone((caller) => ({
      name: "Drawers",
      q: "drawer",
      filters: filtersOf(own(caller, "folder")),
    })),
    "PATCH /api/t/{slug}/saved-searches/{id}": forSomeone((caller) => ({
      name: "$fresh",
      filters: filtersOf(own(caller, "folder")),
    })),
    "PUT /api/t/{slug}/documents/{id}/folder": forSomeone((caller) => ({ folder: own(caller, "folder") })),
    "POST /api/t/{slug}/documents/{id}/shares": share,
    "POST /api/t/{slug}/folders/{id}/shares": share,
    "POST /api/t/{slug}/chats/{id}/shares": share,
    "PATCH /api/t/{slug}/shares/{id}": { access: "write" },
    "PUT /api/t/{slug}/groups/{id}/members": forSomeone((caller) => ({
      add: [colleague(caller)],
      remove: [],
    })),
    "POST /api/t/{slug}/openings": forSomeone((caller) => ({
      of: { kind: "chat", id: asides[caller.tenant] ?? null },
      reason: "The lease is looked for",
      minutes: 30,
    })),
    "POST /api/t/{slug}/members/{id}/hand-over": forSomeone((caller) => ({ to: caller.user.userId })),
    "POST /api/t/{slug}/notices/read": forSomeone(async (caller) => {
      const { json } = await client(caller).call("GET", "notices");
      return { ids: [json?.items?.[0]?.id ?? own(caller, "notice")] };
    }),
    "POST /api/t/{slug}/account/passkeys": forSomeone(async (caller) => {
      const { ticket, options } = await begun(caller, "account/passkeys/challenge");
      const response = options ? openAuthenticator().create(options, origin) : {};
      return { ticket, name: "Another", response };
    }),
    "POST /api/t/{slug}/account/totp/confirm": forSomeone(async (caller) => {
      const { json } = await client(caller).call("POST", "account/totp", { body: {} });
      return { code: json?.secret ? totpCode(json.secret) : "000000" };
    }),
    "POST /api/t/{slug}/session/step-up": forSomeone(async (caller) => {
      const { ticket, options } = await begun(caller, "session/step-up/challenge");
      const response = options ? passkeys.get(caller.user.userId)?.get(options, origin) : {};
      return { method: "passkey", ticket, response };
    }),
    "POST /api/t/{slug}/invitations/accept": async () => {
      // Invitations of the victim, since that is where the attacker's public calls go.
      const address = `guest.${randomUUID().slice(0, 8)}@${stage.b.slug}.example`;
      await clerks[stage.b.slug]?.client.call("POST", "invitations", { body: { address, role: "viewer" } });
      return {
        token: await mailedToken(stage.server.system, address, "join"),
        name: "Guest",
        password: PASSWORD,
      };
    },
  };
}

/** Viewers have neither a folder nor a document: what is narrowed is everything then. */
const filtersOf = (folder: string | null, document: string | null = null) => ({
  ...(folder ? { folder } : {}),
  ...(document ? { document } : {}),
});

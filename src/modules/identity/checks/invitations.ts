import { randomBytes } from "node:crypto";
import { outcomeOf } from "../../../kernel/controls.ts";
import { expectStatus, openClient } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { type Ledger, openLedger } from "./ledger.ts";

const PASSWORD = "Seven-brass-kettles-81";

export async function checkInvitations(stage: Stage) {
  const ledger = openLedger();
  const { url, system } = stage.server;
  const owner = stage.a.owner.client;
  let n = 0;
  const invite = async (role = "viewer", by = owner) => {
    const address = `guest.${n++}.${Date.now()}@harrow-finch.example`;
    const made = await by.call("POST", "invitations", { body: { address, role } });
    return {
      address,
      id: made.json?.id as string,
      status: made.status,
      token: made.status === 201 ? await mailedToken(system, address, "join") : "",
    };
  };
  const accept = (token: string, slug = stage.a.slug, more: object = {}) =>
    openClient(url, slug).call("POST", "invitations/accept", {
      body: { token, name: "Guest", password: PASSWORD, ...more },
    });
  const people = async () =>
    (await owner.call("GET", "members")).json.items as { address: string; role: string }[];

  const twice = await invite();
  const both = await Promise.all([accept(twice.token), accept(twice.token)]);
  ledger.note(
    both.filter((a) => a.status === 201).length === 1,
    "one link twice at the same moment",
    "guest",
    both.map((a) => a.status).join(" and "),
  );
  ledger.status("and later again", "guest", await accept(twice.token), 410);

  const bound = await invite();
  ledger.status(
    "with another address and role in the body",
    "guest",
    await accept(bound.token, stage.a.slug, { address: "other@elsewhere.example", role: "owner" }),
    201,
    422,
  );
  const joined = (await people()).find((p) => p.address === bound.address);
  ledger.note(
    joined?.role === "viewer",
    "bound to its address and role",
    "guest",
    joined?.role ?? "did not join",
  );

  const foreign = await invite();
  ledger.status("in another workspace", "guest", await accept(foreign.token, stage.b.slug), 410);
  await owner.call("DELETE", `invitations/${foreign.id}`);
  ledger.status("after it was withdrawn", "guest", await accept(foreign.token), 410);
  ledger.status("a made-up token", "stranger", await accept("A".repeat(43)), 410);

  const old = await invite();
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ days: number }>(
      "select round(extract(epoch from expires_at - created_at) / 86400)::int as days from invitation where invitation_id = $1",
      [old.id],
    );
    ledger.note(rows[0]?.days === 7, "how long it is good for", "database", `${rows[0]?.days} days`);
    await client.query(
      "update invitation set expires_at = now() - interval '1 second' where invitation_id = $1",
      [old.id],
    );
    await client.query("commit");
  });
  ledger.status("one second after its end", "guest", await accept(old.token), 410);

  const admin = await stage.a.hire(`Inviter ${Date.now()}`, "admin");
  ledger.note(
    (await invite("owner", admin.client)).status === 403,
    "an admin invites an owner",
    "admin",
    "refused",
  );
  ledger.note(
    (await invite("viewer", stage.a.people.manager[0].client)).status === 403,
    "a manager invites anybody",
    "manager",
    "refused",
  );
  const byAdmin = await invite("admin", admin.client);
  ledger.note(byAdmin.status === 201, "an admin invites an admin", "admin", byAdmin.status);
  await owner.call("PATCH", `members/${admin.id}`, { body: { role: "viewer" } });
  ledger.status("after the inviter was demoted", "guest", await accept(byAdmin.token), 410);

  const account = await openClient(url, stage.a.slug).call("POST", "account", {
    body: { address: "new@elsewhere.example", password: PASSWORD },
  });
  ledger.note(
    account.status === 401 || account.status === 404,
    "joining without an invitation",
    "stranger",
    account.status,
  );
  await broughtAlong(stage, ledger);
  return outcomeOf(ledger.findings, `${ledger.findings.length} links used, misused and raced`);
}

/** The one exception: by the operator, in sight of an owner, who must be there to see it. */
async function broughtAlong(stage: Stage, ledger: Ledger): Promise<void> {
  const { client } = stage.founder.operator;
  const suffix = randomBytes(4).toString("hex");
  const users = [{ address: `brought.${suffix}@x.example`, name: "Brought Along", role: "viewer" }];
  const bring = (id: string) => client.call("POST", `tenants/${id}/users`, { body: { users } });
  const body = { slug: `empty-${suffix}`, name: "Nobody Yet", ownerAddress: `o.${suffix}@x.example` };
  const empty = expectStatus(await client.call("POST", "tenants", { body }), 201, "a workspace");
  ledger.status("brought along before an owner has joined", "operator", await bring(empty.json.id), 409);
  ledger.status("brought along into a workspace with an owner", "operator", await bring(stage.a.id), 200);
  const newest = (await stage.a.owner.client.call("GET", "notices")).json?.items?.[0]?.kind;
  ledger.note(newest === "people-imported", "what the owner is told of it", "owner", newest ?? "nothing");
}

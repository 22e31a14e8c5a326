import { randomBytes } from "node:crypto";
import { expectStatus, openClient } from "../../../trust/stage/client.ts";
import { type Company, mailedToken, PASSWORD, type Person } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { call, created, type Step, T } from "./step.ts";

/** Invitations, members, the workspace's name; and what the operator does. */
export async function* ofPeople(stage: Stage, company: Company, owner: Person): AsyncGenerator<Step> {
  const { client } = owner;
  const at = { tenant: company.id, actor: owner };
  const visitor = openClient(stage.server.url, company.slug);
  const address = `joining-${randomBytes(3).toString("hex")}@x.example`;
  let invitation = "";
  yield {
    ...at,
    route: `POST ${T}/invitations`,
    send: call(client, "POST", "invitations", { address, role: "viewer" }),
    status: 201,
    resource: created,
    changes: { address: [null, address], role: [null, "viewer"] },
  };
  const token = await mailedToken(stage.server.system, address, "join");
  yield {
    ...at,
    actor: null,
    route: `POST ${T}/invitations/open`,
    send: call(visitor, "POST", "invitations/open", { token }),
    status: 200,
  };
  const accepted = { token, name: "Wim Osterley", password: PASSWORD };
  yield {
    ...at,
    actor: null,
    route: `POST ${T}/invitations/accept`,
    send: call(visitor, "POST", "invitations/accept", accepted),
    status: 201,
    changes: { role: [null, "viewer"] },
    secrets: [token, PASSWORD],
  };
  const other = { address: `x${address}`, role: "viewer" };
  invitation = (await client.call("POST", "invitations", { body: other })).json.id;
  yield {
    ...at,
    route: `DELETE ${T}/invitations/:id`,
    send: call(client, "DELETE", `invitations/${invitation}`),
    status: 204,
    resource: invitation,
  };

  const { json } = expectStatus(await client.call("GET", "members"), 200, "the members");
  const { id } = json.items.find((m: { address: string }) => m.address === address);
  yield {
    ...at,
    route: `PATCH ${T}/members/:id`,
    send: call(client, "PATCH", `members/${id}`, { role: "manager" }),
    status: 204,
    resource: id,
    changes: { role: ["viewer", "manager"] },
  };
  yield {
    ...at,
    route: `PUT ${T}/members/:id/suspension`,
    send: call(client, "PUT", `members/${id}/suspension`, {}),
    status: 204,
    resource: id,
    changes: { status: ["active", "suspended"] },
  };
  yield {
    ...at,
    route: `DELETE ${T}/members/:id/suspension`,
    send: call(client, "DELETE", `members/${id}/suspension`),
    status: 204,
    resource: id,
    changes: { status: ["suspended", "active"] },
  };
  yield {
    ...at,
    route: `DELETE ${T}/members/:id`,
    send: call(client, "DELETE", `members/${id}`),
    status: 204,
    resource: id,
    changes: { status: ["active", "removed"] },
  };
  yield {
    ...at,
    route: `GET ${T}/audit/export`,
    send: call(client, "GET", "audit/export?format=csv"),
    status: 200,
    changes: { format: [null, "csv"] },
  };
  const renamed = { name: "Quill and Daughters" };
  yield {
    ...at,
    route: `PATCH ${T}/tenant`,
    send: call(client, "PATCH", "tenant", renamed),
    status: 200,
    resource: company.id,
    changes: { name: [company.name, renamed.name] },
  };
  await client.call("PATCH", "tenant", { body: { name: company.name } });
}

export async function* ofTheOperator(stage: Stage): AsyncGenerator<Step> {
  const { operator } = stage.founder;
  const { client } = operator;
  const { json } = await client.call("GET", "audit?limit=1");
  const tenant = await stage.server.system.directory.tenantBySlug("operator");
  if (!tenant || !json) throw new Error("the operator has no workspace");
  const at = { tenant, actor: operator };
  let founded = "";
  const body = {
    slug: `founded-${randomBytes(4).toString("hex")}`,
    name: "Founded Later",
    ownerAddress: `later.${randomBytes(4).toString("hex")}@x.example`,
  };
  yield {
    ...at,
    route: `POST ${T}/tenants`,
    send: call(client, "POST", "tenants", body),
    status: 201,
    resource: created,
    elsewhere: 1,
    changes: { slug: [null, body.slug], name: [null, body.name] },
    after: ({ json: made }) => {
      founded = made.id;
    },
  };
  // Nobody is brought along before an owner has joined.
  const joinToken = await mailedToken(stage.server.system, body.ownerAddress, "join");
  const joining = { token: joinToken, name: "Later Owner", password: PASSWORD };
  const later = openClient(stage.server.url, body.slug);
  expectStatus(await later.call("POST", "invitations/accept", { body: joining }), 201, "an owner joining");
  const user = {
    address: `brought.${randomBytes(4).toString("hex")}@x.example`,
    name: "Brought Along",
    role: "viewer",
  };
  yield {
    ...at,
    route: `POST ${T}/tenants/:id/users`,
    send: (headers) => client.call("POST", `tenants/${founded}/users`, { headers, body: { users: [user] } }),
    status: 200,
    resource: () => founded,
    // The invitation and the import, in that workspace's own log.
    elsewhere: 2,
    changes: { rows: [null, 1], refused: [null, 0] },
  };
  yield {
    ...at,
    route: `PUT ${T}/tenants/:id/quota`,
    send: (headers) =>
      client.call("PUT", `tenants/${founded}/quota`, { headers, body: { documents: 20_000, bytes: null } }),
    status: 204,
    resource: () => founded,
    changes: { documents: [null, 20_000], bytes: [null, null] },
  };
  const before = expectStatus(await client.call("GET", "public-page"), 200, "the public page").json.page;
  const page = { ...before, hosting: "In our own cellar." };
  yield {
    ...at,
    route: `PUT ${T}/public-page`,
    send: call(client, "PUT", "public-page", page),
    status: 200,
    changes: { hosting: [before.hosting, page.hosting] },
  };
  await client.call("PUT", "public-page", { body: before });
  yield {
    ...at,
    route: `POST ${T}/controls/run`,
    send: call(client, "POST", "controls/run", {}),
    status: 202,
  };
  yield {
    ...at,
    route: `POST ${T}/backups`,
    send: call(client, "POST", "backups", {}),
    status: 202,
  };
  yield {
    ...at,
    route: `POST ${T}/master-keys/rotation`,
    send: call(client, "POST", "master-keys/rotation", { makeNew: false }),
    status: 200,
  };
  yield {
    ...at,
    route: `POST ${T}/data-keys/rotation`,
    send: call(client, "POST", "data-keys/rotation", {}),
    status: 200,
  };
}

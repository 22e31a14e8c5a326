import { randomBytes } from "node:crypto";
import { redacted } from "../../../../kernel/audit.ts";
import { type Answer, type Client, openClient } from "../../../trust/stage/client.ts";
import { mailedToken, PASSWORD, type Person, signIn } from "../../../trust/stage/people.ts";
import { hireAnother, spareCompany } from "../../../trust/stage/spare-company.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { upload, waitUntilReady } from "../../../trust/stage/workspace.ts";

/** A call, and the entry that must be there after it. */
export interface Step {
  /** As the running server knows it: `PATCH /api/t/:slug/account`. */
  readonly route: string;
  readonly send: (headers: Record<string, string>) => Promise<Answer>;
  readonly status: number;
  /** The workspace in whose log it must be, by id. */
  readonly tenant: string;
  /** null: a visitor. */
  readonly actor: Person | null;
  /** Where it is not the one that the route declares. */
  readonly event?: string;
  readonly outcome?: "refused";
  readonly resource?: string | ((answer: Answer) => string | null);
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>;
  /** What must not be in the entry. */
  readonly secrets?: readonly string[];
  /** Entries that belong into the logs of other workspaces. */
  readonly elsewhere?: number;
  readonly after?: (answer: Answer) => void;
}

const T = "/api/t/:slug";
const NEW_PASSWORD = "Lantern-walk-73-quay";
const created = (answer: Answer): string | null => answer.json?.id ?? answer.json?.items?.[0]?.id ?? null;

/** Every change that the product offers, in an order in which each succeeds, and the refusals that are recorded. */
export async function* everyChange(stage: Stage): AsyncGenerator<Step> {
  const company = await spareCompany(stage);
  const owner = await signIn(
    stage.server.url,
    company.slug,
    company.owner.address,
    company.owner.password,
    "owner",
  );
  const at = { tenant: company.id, actor: owner };
  const call =
    (who: Client, method: string, path: string, body?: unknown) => (headers: Record<string, string>) =>
      who.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
  yield* ofSessions(stage, company, call);
  yield* ofPeople(stage, company, owner, call);
  yield* ofDocuments(owner, at, call);
  yield* ofChats(owner, at, call);
  yield* ofTheOperator(stage, call);
}

type CallWith = (who: Client, method: string, path: string, body?: unknown) => Step["send"];
type Company = Awaited<ReturnType<typeof spareCompany>>;

async function* ofSessions(stage: Stage, company: Company, call: CallWith): AsyncGenerator<Step> {
  const { url: origin } = stage.server;
  const person = await hireAnother(company, "Audra Finn", "manager");
  const { client } = person;
  const tenant = company.id;
  const visitor = openClient(origin, company.slug);
  const credentials = { address: person.address, password: PASSWORD };
  let session = "";
  const keepProof = ({ json }: Answer): void => {
    visitor.csrf = json.csrf;
  };
  yield {
    route: `POST ${T}/session`,
    send: call(visitor, "POST", "session", credentials),
    status: 200,
    tenant,
    actor: person,
    secrets: [PASSWORD],
    after: keepProof,
  };
  yield {
    route: `POST ${T}/session/refresh`,
    send: call(visitor, "POST", "session/refresh", {}),
    status: 200,
    tenant,
    actor: person,
    secrets: [...visitor.cookies.values()],
    after: keepProof,
  };
  yield {
    route: `POST ${T}/session`,
    send: call(visitor, "POST", "session", { ...credentials, password: "Wrong-lantern-99-x" }),
    status: 401,
    tenant,
    actor: null,
    event: "session.refused",
    outcome: "refused",
    resource: person.id,
    changes: { reason: [null, "sign_in_failed"] },
    secrets: ["Wrong-lantern-99-x", person.address],
  };
  yield {
    route: `POST ${T}/session`,
    send: call(visitor, "POST", "session", { address: "nobody@nowhere.example", password: PASSWORD }),
    status: 401,
    tenant,
    actor: null,
    event: "session.refused",
    outcome: "refused",
    secrets: [PASSWORD, "nobody@nowhere.example"],
  };
  const { json } = await visitor.call("GET", "sessions");
  session = json.items.find((s: { current: boolean }) => s.current).id;
  yield {
    route: `DELETE ${T}/sessions/:id`,
    send: call(client, "DELETE", `sessions/${session}`),
    status: 204,
    tenant,
    actor: person,
    resource: session,
  };
  yield {
    route: `PATCH ${T}/account`,
    send: call(client, "PATCH", "account", { name: "Audra Finnegan" }),
    status: 200,
    tenant,
    actor: person,
    resource: person.id,
    changes: { name: [person.name, "Audra Finnegan"] },
  };
  yield {
    route: `PUT ${T}/account/password`,
    send: call(client, "PUT", "account/password", { current: PASSWORD, new: NEW_PASSWORD }),
    status: 204,
    tenant,
    actor: person,
    resource: person.id,
    changes: { password: [redacted, redacted] },
    secrets: [PASSWORD, NEW_PASSWORD],
  };
  yield {
    route: `DELETE ${T}/session`,
    send: call(client, "DELETE", "session"),
    status: 204,
    tenant,
    actor: person,
  };
  const again = await signIn(origin, company.slug, person.address, NEW_PASSWORD, "manager");
  yield {
    route: `DELETE ${T}/sessions`,
    send: call(again.client, "DELETE", "sessions"),
    status: 204,
    tenant,
    actor: person,
  };

  // Five wrong passwords pause the account; each is recorded, and so are both ways out.
  const wrong = { address: person.address, password: "Wrong-lantern-99-y" };
  for (let n = 0; n < 5; n++) await visitor.call("POST", "session", { body: wrong });
  yield {
    route: `POST ${T}/session`,
    send: call(visitor, "POST", "session", wrong),
    status: 423,
    tenant,
    actor: null,
    event: "session.refused",
    outcome: "refused",
    resource: person.id,
    changes: { reason: [null, "locked"] },
    secrets: [wrong.password],
  };
  const token = await eventually(() => mailedToken(stage.server.system, person.address, "unlock"));
  yield {
    route: `POST ${T}/unlock`,
    send: call(visitor, "POST", "unlock", { token }),
    status: 204,
    tenant,
    actor: null,
    resource: person.id,
    secrets: [token],
  };
  yield {
    route: `POST ${T}/members/:id/unlock`,
    send: call(company.owner.client, "POST", `members/${person.id}/unlock`, {}),
    status: 204,
    tenant,
    actor: company.owner,
    resource: person.id,
  };
}

async function* ofPeople(
  stage: Stage,
  company: Company,
  owner: Person,
  call: CallWith,
): AsyncGenerator<Step> {
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

  const { json } = await client.call("GET", "members");
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

async function* ofDocuments(
  { client }: Person,
  at: Pick<Step, "tenant" | "actor">,
  call: CallWith,
): AsyncGenerator<Step> {
  const secrets = ["Redundancies"];
  const form = new FormData();
  form.append("file", new Blob(["The jetty is closed on Mondays.\n"]), "Redundancies 2027.txt");
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/documents`,
    send: (headers) => client.call("POST", "documents", { raw: form, headers }),
    status: 201,
    resource: created,
    secrets,
    after: (answer) => {
      id = created(answer) ?? "";
    },
  };
  await waitUntilReady(client, [id]);
  yield {
    ...at,
    route: `PATCH ${T}/documents/:id`,
    send: call(client, "PATCH", `documents/${id}`, { visibility: "tenant" }),
    status: 200,
    resource: id,
    changes: { visibility: ["private", "tenant"] },
    secrets,
  };
  yield {
    ...at,
    route: `GET ${T}/documents/:id/original`,
    send: call(client, "GET", `documents/${id}/original`),
    status: 200,
    resource: id,
    secrets,
  };
  yield {
    ...at,
    route: `DELETE ${T}/documents/:id`,
    send: call(client, "DELETE", `documents/${id}`),
    status: 204,
    resource: id,
    secrets,
  };
  const [damaged] = await upload(client, [{ name: "damaged.pdf", bytes: Buffer.from("%PDF-1.7\n%%EOF\n") }]);
  await waitUntilReady(client, [damaged?.id ?? ""]).catch(() => {});
  yield {
    ...at,
    route: `POST ${T}/documents/:id/retry`,
    send: call(client, "POST", `documents/${damaged?.id}/retry`, {}),
    status: 200,
    resource: damaged?.id ?? "",
    changes: { state: ["failed", "received"] },
  };
}

async function* ofChats(
  { client }: Person,
  at: Pick<Step, "tenant" | "actor">,
  call: CallWith,
): AsyncGenerator<Step> {
  const secrets = ["Severance", "terminated"];
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/chats`,
    send: call(client, "POST", "chats", {}),
    status: 201,
    resource: created,
    after: (answer) => {
      id = created(answer) ?? "";
    },
  };
  yield {
    ...at,
    route: `POST ${T}/chats/:id/questions`,
    send: call(client, "POST", `chats/${id}/questions`, { text: "Who is terminated?" }),
    status: 201,
    secrets,
  };
  const change = { title: "Severance", visibility: "tenant" };
  yield {
    ...at,
    route: `PATCH ${T}/chats/:id`,
    send: call(client, "PATCH", `chats/${id}`, change),
    status: 200,
    resource: id,
    changes: { visibility: ["private", "tenant"] },
    secrets,
  };
  yield {
    ...at,
    route: `DELETE ${T}/chats/:id`,
    send: call(client, "DELETE", `chats/${id}`),
    status: 204,
    resource: id,
    secrets,
  };
}

async function* ofTheOperator(stage: Stage, call: CallWith): AsyncGenerator<Step> {
  const { operator } = stage.founder;
  const { client } = operator;
  const { json } = await client.call("GET", "audit?limit=1");
  const tenant = await stage.server.system.directory.tenantBySlug("operator");
  if (!tenant || !json) throw new Error("the operator has no workspace");
  const at = { tenant, actor: operator };
  const body = {
    slug: `founded-${randomBytes(4).toString("hex")}`,
    name: "Founded Later",
    ownerAddress: "later@x.example",
  };
  yield {
    ...at,
    route: `POST ${T}/tenants`,
    send: call(client, "POST", "tenants", body),
    status: 201,
    resource: created,
    elsewhere: 1,
    changes: { slug: [null, body.slug], name: [null, body.name] },
  };
  yield {
    ...at,
    route: `POST ${T}/controls/run`,
    send: call(client, "POST", "controls/run", {}),
    status: 202,
  };
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

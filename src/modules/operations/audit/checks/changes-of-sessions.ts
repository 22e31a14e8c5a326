import { redacted } from "../../../../kernel/audit.ts";
import { type Answer, expectStatus, openClient } from "../../../trust/stage/client.ts";
import { type Company, mailedToken, PASSWORD, signIn } from "../../../trust/stage/people.ts";
import { hireAnother } from "../../../trust/stage/spare-company.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { call, type Step, T } from "./step.ts";

const NEW_PASSWORD = "Lantern-walk-73-quay";

/** Signing in, out and wrongly; what one changes of one's own account; the pause after failed attempts. */
export async function* ofSessions(stage: Stage, company: Company): AsyncGenerator<Step> {
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
  const { json } = expectStatus(await visitor.call("GET", "sessions"), 200, "one's own sessions");
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
    route: `PUT ${T}/account/notices`,
    send: call(client, "PUT", "account/notices", { kind: "role-changed", page: true, mail: false }),
    status: 204,
    tenant,
    actor: person,
    resource: person.id,
    changes: { kind: ["role-changed", "role-changed"], page: [true, true], mail: [true, false] },
  };
  yield {
    route: `POST ${T}/notices/read`,
    send: call(client, "POST", "notices/read", { ids: "all" }),
    status: 204,
    tenant,
    actor: person,
  };
  yield {
    route: `PUT ${T}/account/password`,
    send: call(client, "PUT", "account/password", { current: PASSWORD, new: NEW_PASSWORD }),
    status: 200,
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

/** Another address, taken back; a forgotten password, for an address that somebody has and one that nobody has. */
export async function* ofMailedLinks(stage: Stage, company: Company): AsyncGenerator<Step> {
  const person = await hireAnother(company, "Rune Halvors", "viewer");
  const { client, address } = person;
  const { system } = stage.server;
  const tenant = company.id;
  const visitor = openClient(stage.server.url, company.slug);
  const to = `moved-${address}`;
  const about = { tenant, resource: person.id };
  yield {
    ...about,
    route: `POST ${T}/account/address`,
    send: call(client, "POST", "account/address", { address: to, password: PASSWORD }),
    status: 202,
    actor: person,
    changes: { address: [address, to] },
    secrets: [PASSWORD],
  };
  const confirm = await mailedToken(system, to, "confirm-address");
  yield {
    ...about,
    route: `POST ${T}/address-changes/confirm`,
    send: call(visitor, "POST", "address-changes/confirm", { token: confirm }),
    status: 204,
    actor: null,
    changes: { address: [address, to] },
    secrets: [confirm],
  };
  const undo = await mailedToken(system, address, "undo-address");
  yield {
    ...about,
    route: `POST ${T}/address-changes/undo`,
    send: call(visitor, "POST", "address-changes/undo", { token: undo }),
    status: 204,
    actor: null,
    changes: { address: [to, address] },
    secrets: [undo],
  };
  yield {
    ...about,
    route: `POST ${T}/password-resets`,
    send: call(visitor, "POST", "password-resets", { address }),
    status: 202,
    actor: null,
    secrets: [address],
  };
  const unknown = "nobody@nowhere.example";
  yield {
    tenant,
    route: `POST ${T}/password-resets`,
    send: call(visitor, "POST", "password-resets", { address: unknown }),
    status: 202,
    actor: null,
    secrets: [unknown],
  };
  const reset = await eventually(() => mailedToken(system, address, "reset"));
  yield {
    ...about,
    route: `POST ${T}/password-resets/use`,
    send: call(visitor, "POST", "password-resets/use", { token: reset, password: NEW_PASSWORD }),
    status: 204,
    actor: null,
    changes: { password: [redacted, redacted] },
    secrets: [reset, NEW_PASSWORD],
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

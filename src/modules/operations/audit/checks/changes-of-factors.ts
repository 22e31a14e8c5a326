import { type Authenticator, openAuthenticator } from "../../../trust/stage/authenticator.ts";
import { type Answer, type Client, openClient } from "../../../trust/stage/client.ts";
import { addPasskey } from "../../../trust/stage/factors.ts";
import { type Company, PASSWORD, type Person } from "../../../trust/stage/people.ts";
import { hireAnother } from "../../../trust/stage/spare-company.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { addTotp, totpCode, untilStepIsYoung } from "../../../trust/stage/totp.ts";
import { call, created, type Step, T } from "./step.ts";

/** Second factors set up, used, given wrongly and removed; what the workspace asks of everyone. */
export async function* ofFactors(stage: Stage, company: Company, owner: Person): AsyncGenerator<Step> {
  const person = await hireAnother(company, "Fenno Quist", "manager");
  const at = { tenant: company.id, actor: person };
  yield* ofApps(person, at);
  yield* ofSigningIn(stage, company, person);
  yield* ofPasskeys(person, at);
  yield {
    tenant: company.id,
    actor: owner,
    route: `PATCH ${T}/policy`,
    send: call(owner.client, "PATCH", "policy", { passwords: "composed" }),
    status: 200,
    resource: company.id,
    changes: { passwords: ["composed", "composed"] },
  };
  const careless = await hireAnother(company, "Careless Quist", "viewer");
  await addTotp(careless.client);
  yield {
    tenant: company.id,
    actor: owner,
    route: `DELETE ${T}/members/:id/factors`,
    send: call(owner.client, "DELETE", `members/${careless.id}/factors`),
    status: 204,
    resource: careless.id,
  };
}

type At = Pick<Step, "tenant" | "actor">;

async function* ofApps({ id, client }: Person, at: At): AsyncGenerator<Step> {
  let secret = "";
  yield {
    ...at,
    route: `POST ${T}/account/totp`,
    send: call(client, "POST", "account/totp", {}),
    status: 201,
    resource: id,
    after: ({ json }) => {
      secret = json.secret;
    },
  };
  await untilStepIsYoung();
  let codes: string[] = [];
  yield {
    ...at,
    route: `POST ${T}/account/totp/confirm`,
    send: call(client, "POST", "account/totp/confirm", { code: totpCode(secret, -1) }),
    status: 200,
    resource: id,
    secrets: [secret],
    after: ({ json }) => {
      codes = json.recoveryCodes;
    },
  };
  yield {
    ...at,
    route: `POST ${T}/account/recovery-codes`,
    send: call(client, "POST", "account/recovery-codes", {}),
    status: 200,
    resource: id,
    secrets: codes,
  };
  yield {
    ...at,
    route: `POST ${T}/session/step-up/challenge`,
    send: call(client, "POST", "session/step-up/challenge", {}),
    status: 200,
  };
  yield {
    ...at,
    route: `POST ${T}/session/step-up`,
    send: call(client, "POST", "session/step-up", { method: "totp", code: "999999" }),
    status: 401,
    event: "session.step-up-refused",
    outcome: "refused",
    resource: id,
    changes: { reason: [null, "factor_failed"] },
    secrets: ["999999"],
  };
  yield {
    ...at,
    route: `POST ${T}/session/step-up`,
    send: call(client, "POST", "session/step-up", { method: "totp", code: totpCode(secret) }),
    status: 200,
  };
  yield {
    ...at,
    route: `DELETE ${T}/account/totp`,
    send: call(client, "DELETE", "account/totp"),
    status: 204,
    resource: id,
  };
}

async function* ofSigningIn(stage: Stage, company: Company, person: Person): AsyncGenerator<Step> {
  const { address, id } = person;
  const { secret } = await addTotp(person.client);
  const visitor = openClient(stage.server.url, company.slug);
  const ticketOf = async (): Promise<string> =>
    (await visitor.call("POST", "session", { body: { address, password: PASSWORD } })).json.ticket;
  yield {
    tenant: company.id,
    actor: null,
    route: `POST ${T}/session`,
    send: call(visitor, "POST", "session", { address, password: PASSWORD }),
    status: 200,
    event: "session.second-factor-asked",
    resource: id,
    secrets: [PASSWORD],
  };
  const ticket = await ticketOf();
  yield {
    tenant: company.id,
    actor: null,
    route: `POST ${T}/session/second-factor`,
    send: call(visitor, "POST", "session/second-factor", { ticket, method: "totp", code: "999999" }),
    status: 401,
    event: "session.second-factor-refused",
    outcome: "refused",
    resource: id,
    changes: { reason: [null, "factor_failed"] },
    secrets: [ticket],
  };
  await untilStepIsYoung();
  const code = totpCode(secret);
  yield {
    tenant: company.id,
    actor: person,
    route: `POST ${T}/session/second-factor`,
    send: call(visitor, "POST", "session/second-factor", { ticket, method: "totp", code }),
    status: 200,
    secrets: [ticket],
  };
  const passkey = await addPasskey(person.client);
  const behind = await ticketOf();
  yield {
    tenant: company.id,
    actor: null,
    route: `POST ${T}/session/second-factor/passkey-challenge`,
    send: call(visitor, "POST", "session/second-factor/passkey-challenge", { ticket: behind }),
    status: 200,
  };
  yield {
    tenant: company.id,
    actor: null,
    route: `POST ${T}/session/passkey-challenge`,
    send: call(visitor, "POST", "session/passkey-challenge", {}),
    status: 200,
  };
  yield {
    tenant: company.id,
    actor: person,
    route: `POST ${T}/session/second-factor/passkey`,
    send: await signed(visitor, passkey, "session/second-factor/passkey", behind),
    status: 200,
    secrets: [behind],
  };
  yield {
    tenant: company.id,
    actor: person,
    route: `POST ${T}/session/passkey`,
    send: await signed(visitor, passkey, "session/passkey"),
    status: 200,
  };
  yield {
    tenant: company.id,
    actor: null,
    route: `POST ${T}/session/passkey`,
    send: await signed(visitor, openAuthenticator(), "session/passkey"),
    status: 401,
    event: "session.refused",
    outcome: "refused",
    changes: { reason: [null, "sign_in_failed"] },
  };
}

async function* ofPasskeys({ client }: Person, at: At): AsyncGenerator<Step> {
  yield {
    ...at,
    route: `POST ${T}/account/passkeys/challenge`,
    send: call(client, "POST", "account/passkeys/challenge", {}),
    status: 200,
  };
  const { json } = await client.call("POST", "account/passkeys/challenge", { body: {} });
  const response = openAuthenticator().create(json.options, client.origin);
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/account/passkeys`,
    send: call(client, "POST", "account/passkeys", { ticket: json.ticket, name: "Second key", response }),
    status: 201,
    resource: created,
    secrets: [json.ticket],
    after: (answer: Answer) => {
      id = answer.json.id;
    },
  };
  yield {
    ...at,
    route: `PATCH ${T}/account/passkeys/:id`,
    send: (headers) =>
      client.call("PATCH", `account/passkeys/${id}`, { headers, body: { name: "Third key" } }),
    status: 200,
    resource: () => id,
    changes: { name: ["Second key", "Third key"] },
  };
  yield {
    ...at,
    route: `DELETE ${T}/account/passkeys/:id`,
    send: (headers) => client.call("DELETE", `account/passkeys/${id}`, { headers }),
    status: 204,
    resource: () => id,
  };
}

/** A call with a signature of a challenge that is asked for now. */
async function signed(
  client: Client,
  passkey: Authenticator,
  path: string,
  behind?: string,
): Promise<Step["send"]> {
  const body = behind ? { ticket: behind } : {};
  const { json } = await client.call("POST", `${path}-challenge`, { body });
  const response = passkey.get(json.options, client.origin);
  return call(client, "POST", path, { ticket: behind ?? json.ticket, response });
}

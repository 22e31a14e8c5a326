import { openAuthenticator } from "../stage/authenticator.ts";
import { type Client, expectStatus, openClient } from "../stage/client.ts";
import type { Canaries } from "./canaries.ts";

const T = "/api/t/{slug}";

/** Passkeys under names of one's own; and all that a browser sends of them and of codes, which is nowhere kept as it came. */
export async function writeFactors(client: Client, { word, token }: Canaries): Promise<void> {
  const { json } = expectStatus(
    await client.call("POST", "account/passkeys/challenge", { body: {} }),
    200,
    "asking to add a passkey",
  );
  const response = openAuthenticator().create(json.options, client.origin);
  const named = { ticket: json.ticket, name: word(`POST ${T}/account/passkeys body.name`), response };
  const { id } = expectStatus(
    await client.call("POST", "account/passkeys", { body: named }),
    201,
    "a passkey",
  ).json;
  const renamed = { name: word(`PATCH ${T}/account/passkeys/{id} body.name`) };
  expectStatus(await client.call("PATCH", `account/passkeys/${id}`, { body: renamed }), 200, "renaming it");

  const visitor = openClient(client.origin, client.slug);
  const signature = (at: string) => ({
    ticket: token(`${at} body.ticket`, 43),
    response: {
      id: word(`${at} body.response.id`),
      rawId: word(`${at} body.response.rawId`),
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: word(`${at} body.response.response.clientDataJSON`),
        authenticatorData: word(`${at} body.response.response.authenticatorData`),
        signature: word(`${at} body.response.response.signature`),
        userHandle: word(`${at} body.response.response.userHandle`),
      },
    },
  });
  const code = (at: string) => ({
    ticket: token(`${at} body.ticket`, 43),
    method: "recovery-code",
    code: word(`${at} body.code`),
  });
  const made = `POST ${T}/account/passkeys`;
  const { attestationObject, transports } = {
    attestationObject: word(`${made} body.response.response.attestationObject`),
    transports: [word(`${made} body.response.response.transports[]`)],
  };
  const unsigned = { ...signature(made), name: word(`${made} body.name`) };
  const registration = {
    ...unsigned,
    response: {
      ...unsigned.response,
      response: { ...unsigned.response.response, attestationObject, transports },
    },
  };
  const challenged = `POST ${T}/session/second-factor/passkey-challenge`;
  for (const [who, path, body] of [
    [visitor, "session/passkey", signature(`POST ${T}/session/passkey`)],
    [visitor, "session/second-factor/passkey", signature(`POST ${T}/session/second-factor/passkey`)],
    [visitor, "session/second-factor/passkey-challenge", { ticket: token(`${challenged} body.ticket`, 43) }],
    [visitor, "session/second-factor", code(`POST ${T}/session/second-factor`)],
    [client, "session/step-up", { method: "passkey", ...signature(`POST ${T}/session/step-up`) }],
    [
      client,
      "session/step-up",
      { method: "password", password: word(`POST ${T}/session/step-up body.password`) },
    ],
    [client, "account/passkeys", registration],
    [client, "account/totp/confirm", { code: word(`POST ${T}/account/totp/confirm body.code`) }],
  ] as const) {
    const { status } = await who.call("POST", path, { body });
    if (![401, 409, 410, 422].includes(status))
      throw new Error(`POST ${path} took a word of one's own: ${status}`);
  }
}

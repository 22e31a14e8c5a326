import { type Authenticator, openAuthenticator } from "./authenticator.ts";
import { type Answer, type Client, expectStatus } from "./client.ts";

// What a person does with a passkey, over HTTP as the page would.

/** Adds a passkey to the account that is signed in, which then has proved it. */
export async function addPasskey(
  client: Client,
  name = "Stage",
  passkey = openAuthenticator(),
): Promise<Authenticator> {
  const { json } = expectStatus(
    await client.call("POST", "account/passkeys/challenge", { body: {} }),
    200,
    "asking to add a passkey",
  );
  const response = passkey.create(json.options, client.origin);
  const body = { ticket: json.ticket, name, response };
  expectStatus(await client.call("POST", "account/passkeys", { body }), 201, "adding a passkey");
  holdPasskey(client, passkey);
  return passkey;
}

/** From now on whoever sits at this client confirms with the passkey when they are asked to. */
export function holdPasskey(client: Client, passkey: Authenticator): void {
  client.confirm = async () => (await stepUp(client, passkey)).status === 200;
}

/** Confirms in an open session that it is still the same person. */
export async function stepUp(client: Client, passkey: Authenticator): Promise<Answer> {
  const { json } = expectStatus(
    await client.call("POST", "session/step-up/challenge", { body: {} }),
    200,
    "asking to confirm",
  );
  const response = passkey.get(json.options, client.origin);
  return client.call("POST", "session/step-up", {
    body: { method: "passkey", ticket: json.ticket, response },
  });
}

/** The second step behind a right password, with a passkey. */
export async function finishSignIn(client: Client, ticket: string, passkey: Authenticator): Promise<Answer> {
  const { json } = expectStatus(
    await client.call("POST", "session/second-factor/passkey-challenge", { body: { ticket } }),
    200,
    "asking for a passkey",
  );
  const response = passkey.get(json.options, client.origin);
  return client.call("POST", "session/second-factor/passkey", { body: { ticket, response } });
}

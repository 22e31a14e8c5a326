import { type Answer, type Client, callSolving, expectStatus, openClient } from "../../trust/stage/client.ts";
import { mailedToken, PASSWORD, type Person } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";

// What the checks of second factors have in common: a person at a new browser, between the two steps.

/** A new browser in which the password was given; the ticket of the second step, or "" when it was not asked for. */
export async function afterPassword(
  person: Pick<Person, "address" | "password" | "client">,
): Promise<{ client: Client; ticket: string; answer: Answer }> {
  const client = openClient(person.client.origin, person.client.slug);
  const { address, password } = person;
  const answer = await callSolving(client, "POST", "session", { address, password });
  return { client, ticket: answer.json?.ticket ?? "", answer };
}

export async function secondStep(
  person: Pick<Person, "address" | "password" | "client">,
  method: "totp" | "recovery-code",
  given: string | (() => Promise<string>),
): Promise<Answer> {
  const { client, ticket } = await afterPassword(person);
  // Not before: looking at a password takes its time, and codes are of a moment.
  const code = typeof given === "string" ? given : await given();
  return client.call("POST", "session/second-factor", { body: { ticket, method, code } });
}

/** Lets somebody join and signs them in by password alone: they have set up nothing yet. */
export async function joinBare(
  { server }: Stage,
  inviting: Person,
  role: string,
  slug: string,
): Promise<Person> {
  const name = `Bare ${role} ${Math.random().toString(36).slice(2, 10)}`;
  const address = `${name.toLowerCase().replaceAll(" ", ".")}@${slug}.example`;
  const invited = await inviting.client.call("POST", "invitations", { body: { address, role } });
  expectStatus(invited, 201, `inviting ${address}`);
  const token = await mailedToken(server.system, address, "join");
  const visitor = openClient(server.url, slug);
  const accept = { token, name, password: PASSWORD };
  expectStatus(await visitor.call("POST", "invitations/accept", { body: accept }), 201, "joining");
  const bare = { address, password: PASSWORD, client: visitor };
  const { client, answer } = await afterPassword(bare);
  const { id } = expectStatus(answer, 200, "signing in").json.me;
  return { id, name, address, password: PASSWORD, role: "viewer", client, passkey: null };
}

/** Makes the second factor of every session of a member an old one, as after six minutes. */
export async function ageFactor(stage: Stage, memberId: string): Promise<void> {
  await stage.sql("postgres", async (client) => {
    await client.query(
      "update session set factor_at = factor_at - interval '6 minutes' where member_id = $1",
      [memberId],
    );
    await client.query("commit");
  });
}

import { type Authenticator, type Lie, openAuthenticator } from "../../trust/stage/authenticator.ts";
import { type Answer, type Client, expectStatus, openClient } from "../../trust/stage/client.ts";
import { addPasskey, finishSignIn } from "../../trust/stage/factors.ts";
import type { Person } from "../../trust/stage/people.ts";
import { inPieces } from "../../trust/stage/pieces.ts";
import { hireAnother } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { type Ledger, noting } from "./ledger.ts";
import { afterPassword } from "./second-step.ts";

/** Passkeys of software: honest ones, and each way in which an answer of one can be wrong. */
export const passkeysCheck = inPieces(
  async (stage) => {
    const person = await hireAnother(stage.a, "Keyholder", "viewer");
    const passkey = await addPasskey(person.client, "Telephone");
    return { person, passkey };
  },
  {
    ways: noting((stage, ledger, { person, passkey }) => ways(stage, ledger, person, passkey)),
    lies: noting((stage, ledger, { person, passkey }) => lies(stage, ledger, person, passkey)),
    replays: noting(async (stage, ledger, { person }) => {
      // Without a counter: nothing but the challenge tells a copy of a signature from the signature.
      const quiet = openAuthenticator({ counts: false });
      await replays(stage, ledger, person, await addPasskey(person.client, "Password manager", quiet));
    }),
    registering: noting(registering),
    strangers: noting((stage, ledger, { passkey }) => strangers(stage, ledger, passkey)),
    several: noting((stage, ledger, { person, passkey }) => several(stage, ledger, person, passkey)),
  },
  () => ({ summary: "Passkeys registered, used, forged, replayed and removed" }),
);

/** Alone, and behind the password. */
async function ways(stage: Stage, ledger: Ledger, person: Person, passkey: Authenticator): Promise<void> {
  const alone = await signInAlone(stage, stage.a.slug, passkey);
  ledger.status("a passkey alone", "member", alone.answer, 200);
  ledger.note(alone.answer.json?.me?.id === person.id, "and it is they", "member", alone.answer.json?.me?.id);
  const { client, ticket, answer } = await afterPassword(person);
  ledger.note(answer.json?.state === "second-factor", "the password alone", "member", answer.json?.state);
  ledger.status("and the passkey behind it", "member", await finishSignIn(client, ticket, passkey), 200);
}

async function lies(stage: Stage, ledger: Ledger, person: Person, passkey: Authenticator): Promise<void> {
  const { origin } = new URL(stage.server.url);
  const ways: [string, Lie][] = [
    ["signed for another site", { origin: "https://vouchsafe.example" }],
    ["signed at another port", { origin: `${new URL(origin).protocol}//${new URL(origin).hostname}:1` }],
    ["of another relying party", { rpId: "vouchsafe.example" }],
    ["without finger or PIN", { userVerified: false }],
    ["of another challenge", { challenge: Buffer.alloc(32).toString("base64url") }],
    ["of another owner", { userHandle: Buffer.alloc(16).toString("base64url") }],
    ["counting backwards", { counter: 1 }],
  ];
  for (const [what, lie] of ways) {
    const { answer } = await signInAlone(stage, stage.a.slug, passkey, lie);
    ledger.status(`a signature ${what}`, "alone", answer, 401);
    // A right one between them: five wrong ones in a row would pause it, whatever was wrong.
    expectStatus((await signInAlone(stage, stage.a.slug, passkey)).answer, 200, "a right signature");
  }
  const { client, ticket } = await afterPassword(person);
  const other = openAuthenticator();
  const wrong = await finishSignIn(client, ticket, { ...passkey, get: other.get });
  ledger.status("an unknown passkey", "behind the password", wrong, 401);
}

async function replays(stage: Stage, ledger: Ledger, person: Person, passkey: Authenticator): Promise<void> {
  const client = openClient(stage.server.url, stage.a.slug);
  const { json } = await client.call("POST", "session/passkey-challenge", { body: {} });
  const body = { ticket: json.ticket, response: passkey.get(json.options, client.origin) };
  ledger.status("a signature", "alone", await client.call("POST", "session/passkey", { body }), 200);
  ledger.status(
    "the same again",
    "whoever saw it",
    await client.call("POST", "session/passkey", { body }),
    401,
  );
  const next = await client.call("POST", "session/passkey-challenge", { body: {} });
  const moved = { ...body, ticket: next.json.ticket };
  ledger.status(
    "with a new ticket",
    "whoever saw it",
    await client.call("POST", "session/passkey", { body: moved }),
    401,
  );

  const raced = await client.call("POST", "session/passkey-challenge", { body: {} });
  const racing = { ticket: raced.json.ticket, response: passkey.get(raced.json.options, client.origin) };
  const both = await Promise.all([1, 2].map(() => client.call("POST", "session/passkey", { body: racing })));
  const opened = both.filter((a) => a.status === 200).length;
  ledger.note(
    opened === 1,
    "one signature twice at the same moment",
    "alone",
    both.map((a) => a.status).join(", "),
  );

  // A challenge is for what it was made for.
  const forStepUp = await person.client.call("POST", "session/step-up/challenge", { body: {} });
  const elsewhere = {
    ticket: forStepUp.json.ticket,
    response: passkey.get(forStepUp.json.options, client.origin),
  };
  const misused = await client.call("POST", "session/passkey", { body: elsewhere });
  ledger.status("a challenge for confirming", "used to sign in", misused, 401);
}

async function registering(stage: Stage, ledger: Ledger): Promise<void> {
  const person = await hireAnother(stage.a, "Registering", "viewer");
  const { client } = person;
  const add = async (lie: Lie = {}, ticket?: string): Promise<Answer> => {
    const { json } = await client.call("POST", "account/passkeys/challenge", { body: {} });
    const response = openAuthenticator().create(json.options, client.origin, lie);
    return client.call("POST", "account/passkeys", {
      body: { ticket: ticket ?? json.ticket, name: "Key", response },
    });
  };
  ledger.status("registered for another site", "member", await add({ origin: "https://x.example" }), 401);
  ledger.status("of another relying party", "member", await add({ rpId: "x.example" }), 401);
  ledger.status("without finger or PIN", "member", await add({ userVerified: false }), 401);
  ledger.status("for another challenge", "member", await add({ challenge: "A".repeat(43) }), 401);
  ledger.status("without a challenge of ours", "member", await add({}, "A".repeat(43)), 410);
  const kept = await client.call("GET", "account/factors");
  ledger.note(kept.json?.passkeys?.length === 0, "and nothing is kept of these", "member", kept.status);
  const { json } = await client.call("POST", "account/passkeys/challenge", { body: {} });
  const response = openAuthenticator().create(json.options, client.origin);
  const body = { ticket: json.ticket, name: "Key", response };
  ledger.status("an honest one", "member", await client.call("POST", "account/passkeys", { body }), 201);
  ledger.status(
    "its challenge again",
    "member",
    await client.call("POST", "account/passkeys", { body }),
    410,
  );
}

/** A passkey is its member's, in its workspace, and tells nothing to others. */
async function strangers(stage: Stage, ledger: Ledger, passkey: Authenticator): Promise<void> {
  const inB = await signInAlone(stage, stage.b.slug, passkey);
  const nobodys = openAuthenticator();
  const unknown = await signInAlone(stage, stage.a.slug, nobodys);
  const nowhere = await signInAlone(stage, "no-such-workspace", nobodys);
  ledger.status("a passkey of another workspace", "alone", inB.answer, 401);
  for (const [what, { answer }] of [
    ["a passkey that nobody has", unknown],
    ["a workspace that does not exist", nowhere],
  ] as const)
    ledger.note(
      answer.status === inB.answer.status && answer.json?.error?.message === inB.answer.json?.error?.message,
      what,
      "answers alike",
      `${answer.status} ${answer.json?.error?.code}`,
    );
  const colleague = await hireAnother(stage.a, "Colleague", "viewer");
  await addPasskey(colleague.client);
  const { client, ticket } = await afterPassword(colleague);
  const theirs = await finishSignIn(client, ticket, passkey);
  ledger.status("a colleague's passkey behind one's own password", "member", theirs, 401);
}

async function several(stage: Stage, ledger: Ledger, person: Person, first: Authenticator): Promise<void> {
  const { client } = person;
  const second = await addPasskey(client, "Security key");
  const list = async () =>
    (await client.call("GET", "account/factors")).json.passkeys as { id: string; name: string }[];
  const named = await list();
  ledger.note(named.length === 3, "several passkeys", "member", named.map((p) => p.name).join(", "));
  const [one] = named;
  const renamed = await client.call("PATCH", `account/passkeys/${one?.id}`, {
    body: { name: "Old telephone" },
  });
  ledger.status("renaming one", "member", renamed, 200);
  const stranger = stage.a.people.manager[0].client;
  const others = await stranger.call("PATCH", `account/passkeys/${one?.id}`, { body: { name: "Mine" } });
  ledger.status("renaming another's", "colleague", others, 404);
  ledger.status("removing one", "member", await client.call("DELETE", `account/passkeys/${one?.id}`), 204);
  ledger.status("the removed one", "alone", (await signInAlone(stage, stage.a.slug, first)).answer, 401);
  ledger.status("the other one", "alone", (await signInAlone(stage, stage.a.slug, second)).answer, 200);
  await stage.a.owner.client.call("PUT", `members/${person.id}/suspension`, { body: {} });
  const { answer } = await signInAlone(stage, stage.a.slug, second);
  const told = `${answer.status} ${answer.json?.error?.code}`;
  ledger.note(told === "401 sign_in_failed", "of a suspended member", "alone, like anybody's", told);
}

async function signInAlone(
  { server }: Stage,
  slug: string,
  passkey: Authenticator,
  lie?: Lie,
): Promise<{ client: Client; answer: Answer }> {
  const client = openClient(server.url, slug);
  const { json } = await client.call("POST", "session/passkey-challenge", { body: {} });
  const response = passkey.get(json?.options ?? {}, client.origin, lie);
  const answer = await client.call("POST", "session/passkey", { body: { ticket: json?.ticket, response } });
  return { client, answer };
}

import { callSolving, openClient } from "../../trust/stage/client.ts";
import { mailedToken, signInAgain } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { addTotp } from "../../trust/stage/totp.ts";
import type { Ledger } from "./ledger.ts";

/** A new address opens nothing before it is confirmed, and the old one takes the change back. */
export async function newAddressNeedsItsWord(stage: Stage, ledger: Ledger): Promise<void> {
  const { url, system } = stage.server;
  const person = await stage.a.hire(`Moving ${Date.now()}`, "viewer");
  const second = await signInAgain(person);
  const to = `moved.${Date.now()}@harrow-finch.example`;
  const send = (path: string, body: object, slug = stage.a.slug) =>
    openClient(url, slug).call("POST", path, { body });
  const signIn = (address: string) =>
    callSolving(openClient(url, stage.a.slug), "POST", "session", { address, password: person.password });
  const newAddress = (address: string, password = person.password) =>
    person.client.call("POST", "account/address", { body: { address, password } });

  ledger.status(
    "another address with a wrong password",
    "member",
    await newAddress(to, "Wrong-password-0815"),
    401,
  );
  const free = await newAddress(to);
  const taken = await newAddress(stage.a.owner.address);
  ledger.note(
    free.status === 202 && taken.status === 202 && free.text === taken.text,
    "an address that is free, and one that a colleague has",
    "member",
    `${free.status} and ${taken.status}`,
  );
  await newAddress(to);
  const confirm = await mailedToken(system, to, "confirm-address").catch(() => "A".repeat(43));
  ledger.status("sign-in with the new address before its word", "member", await signIn(to), 401);
  ledger.status(
    "the link in another workspace",
    "stranger",
    await send("address-changes/confirm", { token: confirm }, stage.b.slug),
    410,
  );
  const twice = await Promise.all([1, 2].map(() => send("address-changes/confirm", { token: confirm })));
  ledger.note(
    twice.filter((answer) => answer.status === 204).length === 1,
    "the link twice at the same moment",
    "member",
    twice.map((answer) => answer.status).join(" and "),
  );
  ledger.status("sign-in with the old address after it", "member", await signIn(person.address), 401);
  ledger.status("sign-in with the new address after it", "member", await signIn(to), 200);
  // Whoever moved the address away sets up a factor of their own, which must not lock its owner out.
  const thief = openClient(url, stage.a.slug);
  const opened = await callSolving(thief, "POST", "session", { address: to, password: person.password });
  thief.csrf = opened.json?.csrf ?? "";
  await addTotp(thief);
  const undo = await mailedToken(system, person.address, "undo-address").catch(() => "A".repeat(43));
  ledger.status(
    "the change taken back",
    "the old address",
    await send("address-changes/undo", { token: undo }),
    204,
  );
  ledger.status("a session that was open", "after it", await second.client.call("GET", "session"), 401);
  ledger.status("a session opened with the new address", "after it", await thief.call("GET", "session"), 401);
  ledger.status("sign-in with the new address", "after it", await signIn(to), 401);
  const back = await signIn(person.address);
  ledger.note(
    back.json?.state === "open",
    "sign-in with the old address, without the factor that came meanwhile",
    "after it",
    `${back.status} ${back.json?.state}`,
  );
  ledger.status("the same link again", "stranger", await send("address-changes/undo", { token: undo }), 410);
}

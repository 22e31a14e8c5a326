import { outcomeOf } from "../../../kernel/controls.ts";
import { openClient } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { tokenOnceMailed } from "./mailed.ts";

/** Every rule broken once, at every door where a password is chosen; then one that keeps them all. */
export async function checkPasswordPolicy(stage: Stage) {
  const ledger = openLedger();
  const address = `policy.${Date.now()}@harrow-finch.example`;
  await stage.a.owner.client.call("POST", "invitations", { body: { address, role: "viewer" } });
  const token = await mailedToken(stage.server.system, address, "join");
  const visitor = openClient(stage.server.url, stage.a.slug);
  const [member] = stage.a.people.manager;
  const weak: [string, string][] = [
    ["eleven characters", "Ab1-efghijk"],
    ["no capital letter", "quiet-harbour-42-lanterns"],
    ["no small letter", "QUIET-HARBOUR-42-LANTERNS"],
    ["no digit", "Quiet-harbour-lanterns"],
    ["no special character", "Quietharbour42lanterns"],
    ["on the list, decorated", "Password123!"],
    ["on the list, look-alikes", "P@ssw0rd1234"],
    ["on the list, twice", "Dragondragon1!"],
    ["the workspace's name", "Harrow&Finch-2026-x"],
    ["the workspace's name, spelt otherwise", "x-HARROW & finch-2026"],
  ];
  const forgetful = await stage.a.hire(`Forgetful ${Date.now()}`, "viewer");
  await visitor.call("POST", "password-resets", { body: { address: forgetful.address } });
  const reset = await tokenOnceMailed(stage.server.system, forgetful.address, "reset");
  for (const [what, password] of [
    ...weak,
    ["the address", `A1-${forgetful.address}-x`] as [string, string],
  ]) {
    const body = { token: reset, password };
    ledger.status(what, "by a mailed link", await visitor.call("POST", "password-resets/use", { body }), 422);
  }
  for (const [what, password] of [...weak, ["the address", `A1-${address}-x`] as [string, string]]) {
    ledger.status(
      what,
      "joining",
      await visitor.call("POST", "invitations/accept", { body: { token, name: "Pol Icy", password } }),
      422,
    );
  }
  for (const [what, password] of [...weak, ["the address", `A1-${member.address}-x`] as [string, string]]) {
    const body = { current: member.password, new: password };
    ledger.status(what, "changing it", await member.client.call("PUT", "account/password", { body }), 422);
  }
  const good = { token, name: "Pol Icy", password: "Seven-brass-kettles-81" };
  ledger.status(
    "one that keeps every rule",
    "joining",
    await visitor.call("POST", "invitations/accept", { body: good }),
    201,
  );
  await passphrases(stage, ledger);
  return outcomeOf(ledger.findings, `${ledger.findings.length} passwords at three doors, by both rules`);
}

/** The other workspace chooses passphrases for a while: long ones of any kind, and still none that is well known. */
async function passphrases(stage: Stage, ledger: Ledger): Promise<void> {
  const { owner } = stage.b;
  const person = await stage.b.hire(`Passphrase ${Date.now()}`, "viewer");
  let current = person.password;
  const change = (password: string) =>
    person.client.call("PUT", "account/password", { body: { current, new: password } });
  const choose = (passwords: string) => owner.client.call("PATCH", "policy", { body: { passwords } });
  const plain = "five brass kettles on a sill";
  ledger.status("a passphrase before it is chosen", "changing it", await change(plain), 422);
  ledger.status(
    "the choice of passphrases",
    "a viewer",
    await person.client.call("PATCH", "policy", { body: { passwords: "passphrase" } }),
    403,
  );
  ledger.status("the choice of passphrases", "owner", await choose("passphrase"), 200);
  try {
    for (const [what, password] of [
      ["fourteen characters", "Quiet-harbour1"],
      ["one piece again and again", "kettlx-kettlx-kettlx"],
      ["on the list, decorated", "!!!basketball!!!!!!"],
      ["the workspace's name", "down at bexley marine"],
      ["the address", `say ${person.address} twice`],
    ] as const)
      ledger.status(what, "a passphrase", await change(password), 422);
    ledger.status("small letters and spaces", "a passphrase", await change(plain), 200);
    current = plain;
  } finally {
    ledger.status("the choice taken back", "owner", await choose("composed"), 200);
  }
  ledger.status("a passphrase after it", "changing it", await change("six copper gates by a lake"), 422);
}

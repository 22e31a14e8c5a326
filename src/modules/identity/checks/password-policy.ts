import { outcomeOf } from "../../../kernel/controls.ts";
import { openClient } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { openLedger } from "./ledger.ts";

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
  return outcomeOf(ledger.findings, `${ledger.findings.length - 1} weak passwords refused at both doors`);
}

import { outcomeOf } from "../../../kernel/controls.ts";
import { openClient } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { openLedger } from "./ledger.ts";

/** One address with two passwords in two workspaces: two accounts that know nothing of each other. */
export async function checkSlugLogin(stage: Stage) {
  const ledger = openLedger();
  const { url, system } = stage.server;
  const address = `both.${Date.now()}@elsewhere.example`;
  const passwords = { [stage.a.slug]: "Seven-brass-kettles-81", [stage.b.slug]: "Nine-amber-ferries-64" };
  const ids: string[] = [];
  for (const company of [stage.a, stage.b]) {
    await company.owner.client.call("POST", "invitations", { body: { address, role: "viewer" } });
    const token = await mailedToken(system, address, "join");
    const joined = await openClient(url, company.slug).call("POST", "invitations/accept", {
      body: { token, name: "Same Person", password: passwords[company.slug] },
    });
    ledger.status(`joining ${company.name}`, "member", joined, 201);
  }
  for (const company of [stage.a, stage.b]) {
    for (const [slug, password] of Object.entries(passwords)) {
      const answer = await openClient(url, company.slug).call("POST", "session", {
        body: { address, password },
      });
      const own = slug === company.slug;
      ledger.status(
        own ? "its own password" : "the other workspace's password",
        company.name,
        answer,
        own ? 200 : 401,
      );
      if (own) ids.push(answer.json?.me?.id);
    }
  }
  ledger.note(ids[0] !== ids[1] && ids.length === 2, "two accounts", "member", "different identifiers");
  const nowhere = await openClient(url, "no-such-workspace").call("POST", "session", {
    body: { address, password: "Seven-brass-kettles-81" },
  });
  ledger.status("a workspace that does not exist", "stranger", nowhere, 401);
  const none = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ address, password: "Seven-brass-kettles-81" }),
  });
  ledger.note(none.status === 404, "sign-in without a workspace", "stranger", none.status);
  return outcomeOf(ledger.findings, `${ledger.findings.length} sign-ins`);
}

import { openClient } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { inPieces, nothing } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { newAddressNeedsItsWord } from "./address-changes.ts";
import { type Ledger, noting } from "./ledger.ts";

/** Takes the confirmation back from a member and tries both ways in: a session that is open, and a new one. */
export const verificationCheck = inPieces(
  nothing,
  { confirmation: noting(confirmation), "new-address": noting(newAddressNeedsItsWord) },
  () => ({ summary: "With the confirmation taken back, and given again" }),
);

async function confirmation(stage: Stage, ledger: Ledger): Promise<void> {
  const { url, system } = stage.server;
  const person = await stage.a.hire(`Unconfirmed ${Date.now()}`, "viewer");
  const visitor = openClient(url, stage.a.slug);
  const body = { address: person.address, password: person.password };
  ledger.status(
    "sign-in with a confirmed address",
    "member",
    await visitor.call("POST", "session", { body }),
    200,
  );
  await stage.sql("postgres", async (client) => {
    await client.query("update member set verified_at = null where member_id = $1", [person.id]);
    await client.query("commit");
  });
  ledger.status(
    "an open session, not confirmed any more",
    "member",
    await person.client.call("GET", "session"),
    401,
  );
  ledger.status(
    "sign-in with the right password",
    "member",
    await openClient(url, stage.a.slug).call("POST", "session", { body }),
    403,
  );
  const wrong = await openClient(url, stage.a.slug).call("POST", "session", {
    body: { ...body, password: "Wrong-password-0815" },
  });
  ledger.status("with a wrong one, nothing is told", "stranger", wrong, 401);
  const token = await mailedToken(system, person.address, "verify").catch(() => "A".repeat(43));
  const elsewhere = openClient(url, stage.b.slug);
  ledger.status(
    "the link in another workspace",
    "stranger",
    await elsewhere.call("POST", "verification", { body: { token } }),
    410,
  );
  const twice = await Promise.all(
    [1, 2].map(() => openClient(url, stage.a.slug).call("POST", "verification", { body: { token } })),
  );
  ledger.note(
    twice.filter((a) => a.status === 204).length === 1,
    "the link twice at the same moment",
    "member",
    twice.map((a) => a.status).join(" and "),
  );
  ledger.status(
    "sign-in after it",
    "member",
    await openClient(url, stage.a.slug).call("POST", "session", { body }),
    200,
  );
}

import { openClient } from "../../trust/stage/client.ts";
import { type Person, signInAgain } from "../../trust/stage/people.ts";
import { inPieces, nothing, total } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { type Ledger, noting } from "./ledger.ts";
import { resetEndsSessions } from "./resets.ts";

/** Changes something about a member in one session and makes the very next request in another. */
export const revocationCheck = inPieces(
  nothing,
  { changes: noting(afterChanges), resets: noting(resetEndsSessions) },
  (counts) => ({ summary: `${total(counts)} next requests` }),
);

async function afterChanges(stage: Stage, ledger: Ledger): Promise<void> {
  const { url } = stage.server;
  const owner = stage.a.owner.client;
  let n = 0;
  const open = async (role: "viewer" | "manager" | "admin" = "viewer") => {
    const person = await stage.a.hire(`Revoked ${n++} ${Date.now()}`, role);
    return [person, await signInAgain(person)] as const;
  };
  const next = async (what: string, person: Person, path: string, status: number) =>
    ledger.status(what, "the next request", await person.client.call("GET", path), status);

  const [everywhere, second] = await open();
  await next("before", second, "session", 200);
  await everywhere.client.call("DELETE", "sessions");
  await next("signed out everywhere", second, "session", 401);
  await next("signed out everywhere", everywhere, "session", 401);

  const [changer, other] = await open();
  const copied = openClient(url, stage.a.slug);
  for (const [name, value] of changer.client.cookies) copied.cookies.set(name, value);
  await changer.client.call("PUT", "account/password", {
    body: { current: changer.password, new: "Eleven-copper-gates-27" },
  });
  await next("password changed, another session", other, "session", 401);
  ledger.status(
    "password changed, with a copy of its cookies",
    "the next request",
    await copied.call("GET", "session"),
    401,
  );
  await next("password changed, this session", changer, "session", 200);

  const [here, elsewhere] = await open();
  await here.client.call("DELETE", "session");
  await next("signed out here", here, "session", 401);
  await next("another session of the same member", elsewhere, "session", 200);

  const [demoted] = await open("admin");
  await next("as admin", demoted, "audit", 200);
  await owner.call("PATCH", `members/${demoted.id}`, { body: { role: "viewer" } });
  await next("role lowered", demoted, "audit", 403);

  const [suspended] = await open();
  await owner.call("PUT", `members/${suspended.id}/suspension`, { body: {} });
  await next("suspended", suspended, "session", 401);
  ledger.status(
    "suspended, refreshing",
    "the next request",
    await suspended.client.call("POST", "session/refresh", { body: {} }),
    401,
  );

  const [removed] = await open();
  await owner.call("DELETE", `members/${removed.id}`);
  await next("removed", removed, "session", 401);

  const [lister, ended] = await open();
  const sessions = (await lister.client.call("GET", "sessions")).json.items as {
    id: string;
    current: boolean;
  }[];
  for (const s of sessions.filter((x) => !x.current)) await lister.client.call("DELETE", `sessions/${s.id}`);
  await next("ended from another session", ended, "session", 401);
}

import { outcomeOf } from "../../../kernel/controls.ts";
import { openAuthenticator } from "../../trust/stage/authenticator.ts";
import { openClient } from "../../trust/stage/client.ts";
import { addPasskey } from "../../trust/stage/factors.ts";
import { type Person, signIn } from "../../trust/stage/people.ts";
import { hireAnother } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { addTotp, totpCode, untilStepIsYoung } from "../../trust/stage/totp.ts";
import { openLedger } from "./ledger.ts";
import { tokenOnceMailed } from "./mailed.ts";

/** Makes each authentication event once and looks for it in the two places where it may be read. */
export async function checkLoginAudit(stage: Stage) {
  const ledger = openLedger();
  const { url } = stage.server;
  const userAgent = `login-audit/${Date.now()}`;
  const person = await stage.b.hire(`Recorded ${Date.now()}`, "viewer");
  const visitor = openClient(url, stage.b.slug);
  const headers = { "user-agent": userAgent };
  await visitor.call("POST", "session", {
    body: { address: person.address, password: "Wrong-password-0815" },
    headers,
  });
  const good = await visitor.call("POST", "session", {
    body: { address: person.address, password: person.password },
    headers,
  });
  visitor.csrf = good.json?.csrf ?? "";
  const old = new Map(visitor.cookies);
  await visitor.call("POST", "session/refresh", { body: {}, headers });
  await visitor.call("PUT", "account/password", {
    body: { current: person.password, new: "Eleven-copper-gates-27" },
    headers,
  });
  await visitor.call("DELETE", "session", { headers });
  const reuse = openClient(url, stage.b.slug);
  for (const [name, value] of old) reuse.cookies.set(name, value);
  await reuse.call("POST", "session/refresh", { body: {}, headers });

  const forgot = { address: person.address };
  await openClient(url, stage.b.slug).call("POST", "password-resets", { body: forgot, headers });
  const token = await tokenOnceMailed(stage.server.system, person.address, "reset");
  const chosen = "Twelve-copper-gates-28";
  await openClient(url, stage.b.slug).call("POST", "password-resets/use", {
    body: { token, password: chosen },
    headers,
  });

  const careful = await secondFactors(stage, headers);

  const [admin] = stage.b.people.admin;
  const entries = (await admin.client.call("GET", "audit?limit=200")).json.items as Entry[];
  const mine = entries.filter((e) => e.userAgent === userAgent);
  const again = await signIn(url, stage.b.slug, person.address, chosen, "viewer");
  const own = (await again.client.call("GET", "account/sign-ins")).json.items as Entry[];
  for (const [event, outcome, seenByMember] of [
    ["session.refused", "refused", true],
    ["session.started", "done", true],
    ["session.refreshed", "done", false],
    ["account.password-changed", "done", true],
    ["account.reset-asked", "done", true],
    ["account.password-reset", "done", true],
    ["session.ended", "done", true],
    ["session.refresh-refused", "refused", false],
  ] as const) {
    const entry = mine.find((e) => e.event === event);
    const whole =
      entry?.outcome === outcome &&
      entry.ip !== null &&
      Math.abs(Date.parse(entry.at) - Date.now()) < 120_000;
    ledger.note(
      whole === true,
      event,
      "an admin reads it",
      entry ? `${entry.outcome}, ${entry.at}, ${entry.ip}` : "not there",
    );
    if (seenByMember)
      ledger.note(
        own.some((e) => e.event === event && e.userAgent === userAgent),
        event,
        "the member reads it",
        own.length,
      );
  }
  const started = mine.find((e) => e.event === "session.started" && e.actor.id === person.id);
  ledger.note(
    started?.actor.id === person.id && started.method === "password",
    "who and how",
    "an admin reads it",
    `${started?.actor.name}, ${started?.method}`,
  );
  for (const [event, outcome, method] of [
    ["session.second-factor-asked", "done", "password"],
    ["session.second-factor-refused", "refused", "totp"],
    ["session.started", "done", "password and totp"],
    ["session.step-up-refused", "refused", "totp"],
    ["session.started", "done", "passkey"],
    ["session.refused", "refused", "passkey"],
  ] as const) {
    const entry = mine.find((e) => e.event === event && e.method === method);
    const whole = entry?.outcome === outcome && entry.ip !== null;
    ledger.note(whole, `${event} with ${method}`, "an admin reads it", entry?.outcome ?? "not there");
  }
  const theirs = (await careful.client.call("GET", "account/sign-ins")).json.items as Entry[];
  for (const event of ["session.second-factor-refused", "factor.totp-added", "factor.passkey-added"])
    ledger.note(
      theirs.some((e) => e.event === event),
      event,
      "the member reads it",
      theirs.length,
    );
  const foreign = await stage.a.people.admin[0].client.call("GET", "audit?limit=200");
  ledger.note(
    !foreign.text.includes(userAgent) && foreign.status === 200,
    "events of another workspace",
    "its admin",
    foreign.status,
  );
  ledger.status(
    "the workspace's log",
    "a viewer",
    await stage.b.people.viewer[0].client.call("GET", "audit"),
    403,
  );
  return outcomeOf(ledger.findings, `${ledger.findings.length} events and readers`);
}

/** A member with an authenticator app and a passkey, right and wrong, alone and behind the password. */
async function secondFactors({ server, b }: Stage, headers: Record<string, string>): Promise<Person> {
  const person = await hireAnother(b, "Careful", "viewer");
  const { secret } = await addTotp(person.client);
  const passkey = await addPasskey(person.client);
  const { address, password } = person;
  const visitor = openClient(server.url, b.slug);
  const { json } = await visitor.call("POST", "session", { body: { address, password }, headers });
  await untilStepIsYoung();
  for (const code of ["999999", totpCode(secret)]) {
    const body = { ticket: json?.ticket, method: "totp", code };
    await visitor.call("POST", "session/second-factor", { body, headers });
  }
  await visitor.call("POST", "session/step-up", { body: { method: "totp", code: "999999" }, headers });
  for (const key of [passkey, openAuthenticator()]) {
    const asked = await visitor.call("POST", "session/passkey-challenge", { body: {} });
    const response = key.get(asked.json?.options ?? {}, visitor.origin);
    await visitor.call("POST", "session/passkey", {
      body: { ticket: asked.json?.ticket, response },
      headers,
    });
  }
  return person;
}

interface Entry {
  readonly event: string;
  readonly outcome: string;
  readonly at: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly method: string | null;
  readonly actor: { readonly id: string | null; readonly name: string | null };
}

import { outcomeOf } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import type { Client } from "../../trust/stage/client.ts";
import { addPasskey, stepUp } from "../../trust/stage/factors.ts";
import { guardedRoutes } from "../../trust/stage/guarded-routes.ts";
import { type Person, signInAgain } from "../../trust/stage/people.ts";
import { hireAnother, spareCompany } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { openLedger } from "./ledger.ts";
import { ageFactor } from "./second-step.ts";

/** What is sensitive must be among the routes that ask for a fresh factor, wherever such a route exists. */
const SENSITIVE = [
  /^POST \/keys$/,
  /^(POST|PATCH|DELETE) \/roles(\/:id)?$/,
  /^(PATCH|DELETE) \/members\/:id$/,
  /^(PUT|DELETE) \/members\/:id\/suspension$/,
  /^DELETE \/members\/:id\/factors$/,
  /^POST \/members\/:id\/hand-over$/,
  /^POST \/invitations$/,
  /^POST \/support-grants$/,
  /^POST \/support\/:id\/enter$/,
  /^POST \/openings$/,
  /^PATCH \/policy$/,
  /^POST \/account\/recovery-codes$/,
  /^DELETE \/account\/(totp|passkeys\/:id)$/,
  /\/(exports?|closing|sso)(\/|$)/,
];

/** Named like these, and open to an old factor all the same. */
const NOT_SENSITIVE: Readonly<Record<string, string>> = {
  "GET /tenant/closing": "members read until when the workspace is there, and change nothing",
  "GET /exports": "what one asked for oneself, without any of its content",
  "DELETE /exports/:id": "one's own goes; nothing gets out, and it can be asked for again",
};

/** Asked of those too who have no second factor: they give the password. The handler looks, so the calls below do. */
const OF_EVERYBODY = ["POST /account/exports", "GET /exports/:id/parts/:no"];

/** Asks every route that wants a fresh factor with an old one, with none, and after confirming. */
export async function checkStepUp(stage: Stage) {
  const ledger = openLedger();
  const company = await spareCompany(stage);
  const owner = await signInAgain(company.owner);
  const operator = await signInAgain(stage.founder.operator);
  const manager = await hireAnother(company, "Factorless", "manager");
  const routes = await guardedRoutes(stage);
  const fresh = routes.filter((r) => r.demand.fresh);
  const asked = routes.filter((r) => r.demand.fresh || OF_EVERYBODY.includes(r.key));
  for (const key of [...Object.keys(NOT_SENSITIVE), ...OF_EVERYBODY]) {
    const declared = routes.find((r) => r.key === key)?.demand.fresh;
    ledger.note(declared === false, `${key} is named apart`, "its declaration", String(declared));
  }
  for (const { key, demand } of routes)
    if (
      SENSITIVE.some((pattern) => pattern.test(key)) &&
      !(key in NOT_SENSITIVE || OF_EVERYBODY.includes(key))
    )
      ledger.note(demand.fresh, `${key} asks for a fresh factor`, "its declaration", String(demand.fresh));
  for (const person of [owner, operator]) {
    person.client.confirm = null;
    await ageFactor(stage, person.id);
  }
  // Of one's own account: a manager has set up nothing, and none is asked of them before.
  for (const { key, ask } of fresh.filter((r) => r.key.includes(" /account/"))) {
    const { status, code } = await ask(manager.client);
    ledger.note(code === "step_up_required", key, "without any factor", `${status} ${code ?? ""}`);
  }
  // Before the owner's attempts: where they are let through, they end sessions, this one's too.
  await ownFactors(ledger.note, stage, manager);
  for (const { key, isOperators, ask } of asked) {
    const who = isOperators ? operator : owner;
    const { status, code } = await ask(who.client);
    ledger.note(
      code === "step_up_required",
      key,
      "with a factor of six minutes ago",
      `${status} ${code ?? ""}`,
    );
  }
  await confirmAndGoOn(ledger.status, owner);
  for (const { key, isOperators, ask } of asked) {
    const who = isOperators ? operator : owner;
    if (who.passkey) await stepUp(who.client, who.passkey);
    const { status, code } = await ask(who.client);
    ledger.note(code !== "step_up_required", key, "after confirming", `${status} ${code ?? ""}`);
  }
  return outcomeOf(ledger.findings, `${asked.length} routes that ask for a fresh factor`);
}

type Status = ReturnType<typeof openLedger>["status"];
type Note = ReturnType<typeof openLedger>["note"];

async function confirmAndGoOn(status: Status, { client, passkey }: Person): Promise<void> {
  const change = () => client.call("PATCH", "policy", { body: { passwords: "composed" } });
  status("a change", "owner with an old factor", await change(), 403);
  if (!passkey) throw new Error("an owner has a passkey");
  status("confirming with a lie", "owner", await confirmWrongly(client, passkey), 401);
  status("the change", "owner after a lie", await change(), 403);
  status("confirming", "owner", await stepUp(client, passkey), 200);
  status("the change", "owner after confirming", await change(), 200);
}

function confirmWrongly(client: Client, passkey: NonNullable<Person["passkey"]>) {
  return stepUp(client, { ...passkey, get: (o, at) => passkey.get(o, at, { userVerified: false }) });
}

/** The first factor ends the other sessions; and one is not joined by another where somebody left a session open. */
async function ownFactors(note: Note, stage: Stage, person: Person): Promise<void> {
  await firstFactor(note, stage, person);
  const bystander = await signInAgain(person);
  await addPasskey(person.client);
  bystander.client.confirm = null;
  for (const path of ["account/passkeys/challenge", "account/totp"]) {
    const { status, json } = await bystander.client.call("POST", path, { body: {} });
    const code = json?.error?.code;
    const who = "a session from before the first factor, elsewhere";
    note(code === "signed_out", `POST ${path}`, who, `${status} ${code ?? ""}`);
  }
  await ageFactor(stage, person.id);
  person.client.confirm = null;
  for (const [method, path] of [["POST", "account/totp"] as const, ...takingOut()]) {
    const { status, json } = await person.client.call(method, path, method === "POST" ? { body: {} } : {});
    note(json?.error?.code === "step_up_required", `${method} ${path}`, "with an old factor", status);
  }
}

/** The calls of OF_EVERYBODY; the part is of an export that is not there. */
const takingOut = () => [
  ["POST", "account/exports"] as const,
  ["GET", `exports/${newId()}/parts/1`] as const,
];

/** The first one asks for the password when the sign-in was a while ago: a copied cookie has none to give. */
async function firstFactor(note: Note, stage: Stage, { id, client, password }: Person): Promise<void> {
  await stage.sql("postgres", async (database) => {
    const aged = "update session set created_at = created_at - interval '6 minutes' where member_id = $1";
    await database.query(aged, [id]);
    await database.query("commit");
  });
  client.confirm = null;
  const ask = async (who: string, isRefused: boolean) => {
    for (const [method, path] of [
      ["POST", "account/passkeys/challenge"] as const,
      ["POST", "account/totp"] as const,
      ...takingOut(),
    ]) {
      const { status, json } = await client.call(method, path, method === "POST" ? { body: {} } : {});
      const code = json?.error?.code;
      note((code === "step_up_required") === isRefused, `${method} ${path}`, who, `${status} ${code ?? ""}`);
    }
  };
  const confirm = (given: string) =>
    client.call("POST", "session/step-up", { body: { method: "password", password: given } });
  await ask("a sign-in of six minutes ago, without any factor", true);
  const { status } = await confirm("Wrong-harbour-42-lanterns");
  note(status === 401, "confirming", "with a wrong password", status);
  await ask("the same after a wrong password", true);
  await confirm(password);
  await ask("the same after the password", false);
}

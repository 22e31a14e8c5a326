import { type Answer, expectStatus, openClient } from "../../trust/stage/client.ts";
import { stepUp } from "../../trust/stage/factors.ts";
import { guardedRoutes } from "../../trust/stage/guarded-routes.ts";
import type { Company, Person } from "../../trust/stage/people.ts";
import { inPieces } from "../../trust/stage/pieces.ts";
import { hireAnother } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { addTotp, timelyCode, totpCode } from "../../trust/stage/totp.ts";
import { type Ledger, noting } from "./ledger.ts";
import { afterPassword, ageFactor, joinBare, secondStep } from "./second-step.ts";

/** Codes of an authenticator app and recovery codes, right, wrong, late and twice; who must have a factor, and when. */
export const totpCheck = inPieces(
  // A company of its own: what everybody here must have is changed below.
  (stage) => {
    const suffix = Math.random().toString(36).slice(2, 8);
    return stage.founder.found(`factors-${suffix}`, "Second Factors", "Fenna Okoro");
  },
  {
    codes: noting(codes),
    "at-once": noting((_, ledger, company) => atOnce(ledger, company)),
    guesses: noting((_, ledger, company) => guesses(ledger, company)),
    patience: noting(patience),
    recovery: noting((_, ledger, company) => recovery(ledger, company)),
    mandatory: noting(mandatory),
    raised: noting((_, ledger, company) => raised(ledger, company)),
    "of-all": noting(requiredOfAll),
    lost: noting(lostDevice),
  },
  () => ({ summary: "Codes, recovery codes, and everything that is closed without them" }),
);

async function codes(stage: Stage, ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Coder", "viewer");
  const { secret } = await addTotp(person.client);
  const { client, answer } = await afterPassword(person);
  ledger.note(
    answer.json?.state === "second-factor" && client.cookies.size === 0,
    "the right password alone",
    "member with an authenticator app",
    `${answer.json?.state}, ${client.cookies.size} cookies`,
  );
  ledger.status("and what it opens", "member", await client.call("GET", "session"), 401);
  let code = "";
  const now = async () => {
    code = await timelyCode(secret);
    return code;
  };
  ledger.status("the code of the moment", "member", await secondStep(person, "totp", now), 200);
  ledger.status("the same code again", "whoever saw it", await secondStep(person, "totp", code), 401);
  ledger.status(
    "the next step's code",
    "member",
    await secondStep(person, "totp", () => timelyCode(secret, 1)),
    200,
  );
  ledger.status("a code of before it", "whoever saw it", await secondStep(person, "totp", code), 401);
  await forgetSteps(stage, person);
  for (const [steps, status] of [
    [-2, 401],
    [2, 401],
    [-1, 200],
  ] as const) {
    const given = () => timelyCode(secret, steps);
    ledger.status(`a code ${steps} steps off`, "member", await secondStep(person, "totp", given), status);
  }
}

async function atOnce(ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Racer", "viewer");
  const { secret, recoveryCodes } = await addTotp(person.client);
  const race = async (what: string, method: "totp" | "recovery-code", given: () => Promise<string>) => {
    const open = await Promise.all([1, 2, 3].map(() => afterPassword(person)));
    const code = await given();
    const answers = await Promise.all(
      open.map(({ client, ticket }) =>
        client.call("POST", "session/second-factor", { body: { ticket, method, code } }),
      ),
    );
    one(ledger, what, answers);
  };
  await race("one code in three sign-ins at the same moment", "totp", () => timelyCode(secret));
  await race(
    "one recovery code in three sign-ins at the same moment",
    "recovery-code",
    async () => recoveryCodes?.[0] ?? "",
  );
  const { client, ticket } = await afterPassword(person);
  const body = { ticket, method: "recovery-code", code: recoveryCodes?.[1] };
  ledger.status("a ticket", "member", await client.call("POST", "session/second-factor", { body }), 200);
  const again = { ...body, code: recoveryCodes?.[2] };
  ledger.status(
    "a ticket twice",
    "member",
    await client.call("POST", "session/second-factor", { body: again }),
    410,
  );
}

function one(ledger: Ledger, what: string, answers: readonly Answer[]): void {
  const open = answers.filter((a) => a.status === 200).length;
  ledger.note(open === 1, what, "member", answers.map((a) => a.status).join(", "));
}

async function guesses(ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Guessed", "viewer");
  const { secret } = await addTotp(person.client);
  const wrong = () => {
    const near = [-3, -2, -1, 0, 1, 2, 3].map((steps) => totpCode(secret, steps));
    for (let n = 0; ; n++) if (!near.includes(String(n).padStart(6, "0"))) return String(n).padStart(6, "0");
  };
  for (let n = 1; n <= 5; n++)
    ledger.status(
      `wrong code ${n}`,
      "whoever knows the password",
      await secondStep(person, "totp", wrong()),
      401,
    );
  const notices = (await person.client.call("GET", "notices")).json?.items as { kind: string }[];
  const told = notices.filter(({ kind }) => kind === "password-known").length;
  ledger.note(told === 1, "that somebody knows the password", "the member is told", `${told} notices`);
  const right = await secondStep(person, "totp", () => timelyCode(secret));
  ledger.status("the right code after five wrong ones", "member", right, 423);
  const inside = await person.client.call("POST", "session/step-up", {
    body: { method: "totp", code: totpCode(secret) },
  });
  ledger.status("and in an open session", "member", inside, 423);
  await company.owner.client.call("POST", `members/${person.id}/unlock`, { body: {} });
  const unlocked = await secondStep(person, "totp", () => timelyCode(secret));
  ledger.status("after an admin ended the pause", "member", unlocked, 200);
}

/** A hundred wrong codes without a right one, however slowly they came: no code opens any more, and a recovery code does. */
async function patience(stage: Stage, ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Patient", "viewer");
  const { secret, recoveryCodes } = await addTotp(person.client);
  await secondStep(person, "totp", "000000");
  const wrongs = (count: number) =>
    stage.sql("postgres", async (client) => {
      const many =
        "update sign_in_guard set in_all = $2, failures = 0, locked_until = null where tenant_id = $1 and in_all > 0";
      await client.query(many, [company.id, count]);
      await client.query("commit");
    });
  await wrongs(98);
  const now = () => timelyCode(secret);
  ledger.status("the right code after 98 wrong ones", "member", await secondStep(person, "totp", now), 200);
  await secondStep(person, "totp", "000000");
  await wrongs(100);
  const next = () => timelyCode(secret, 1);
  ledger.status(
    "the right code after a hundred",
    "whoever was patient",
    await secondStep(person, "totp", next),
    423,
  );
  const recovered = await secondStep(person, "recovery-code", recoveryCodes?.[0] ?? "");
  ledger.status("a recovery code after a hundred", "member", recovered, 200);
}

async function recovery(ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Recovering", "viewer");
  const { recoveryCodes } = await addTotp(person.client);
  const [first = "", second = ""] = recoveryCodes ?? [];
  ledger.note(
    recoveryCodes?.length === 10 && new Set(recoveryCodes).size === 10,
    "recovery codes with the first factor",
    "member",
    recoveryCodes?.length ?? 0,
  );
  const use = (code: string) => secondStep(person, "recovery-code", code);
  ledger.status("a recovery code", "member", await use(first.toUpperCase()), 200);
  ledger.status("the same again", "whoever found it", await use(first), 401);
  const renewed = await person.client.call("POST", "account/recovery-codes", { body: {} });
  ledger.status("new ones", "member", renewed, 200);
  ledger.status("one of those before", "whoever found it", await use(second), 401);
  ledger.status("one of the new ones", "member", await use(renewed.json?.recoveryCodes?.[0] ?? ""), 200);
}

/** Whoever's role needs a factor and has none reaches nothing but the way to set one up. */
async function mandatory(stage: Stage, ledger: Ledger, company: Company): Promise<void> {
  const { operator } = stage.founder;
  const routes = await guardedRoutes(stage);
  for (const [role, bare] of [
    ["owner", await joinBare(stage, company.owner, "owner", company.slug)],
    ["admin", await joinBare(stage, company.owner, "admin", company.slug)],
    ["operator", await joinBare(stage, operator, "viewer", "operator")],
  ] as const) {
    const view = await bare.client.call("GET", "session");
    ledger.note(view.json?.factor?.due === true, "signed in without a factor", role, view.status);
    for (const { key, demand, ask } of routes) {
      if (demand.beforeFactor) continue;
      const { status, code } = await ask(bare.client);
      ledger.note(code === "factor_required", key, `${role} without a factor`, `${status} ${code ?? ""}`);
    }
    // Whatever came of these calls, a new session goes on.
    const { client } = await afterPassword(bare);
    await addTotp(client);
    ledger.status("with one", role, await client.call("GET", "members"), 200);
    const removed = await client.call("DELETE", "account/totp");
    ledger.status("the only factor is not removed", role, removed, 409);
  }
}

/** A role that is raised while its member is signed in without a factor. */
async function raised(ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Promoted", "viewer");
  ledger.status("a viewer without a factor", "viewer", await person.client.call("GET", "members"), 200);
  await company.owner.client.call("PATCH", `members/${person.id}`, { body: { role: "admin" } });
  const next = await person.client.call("GET", "members");
  const code = next.json?.error?.code;
  ledger.note(
    code === "factor_required",
    "the next request as an admin",
    "in the same session",
    `${next.status} ${code}`,
  );
}

async function requiredOfAll(stage: Stage, ledger: Ledger, company: Company): Promise<void> {
  const person = await hireAnother(company, "Everyman", "viewer");
  const policy = (required: boolean) =>
    company.owner.client.call("PATCH", "policy", { body: { secondFactor: { required, graceDays: 3 } } });
  expectStatus(await policy(true), 200, "asking a factor of all");
  const view = await person.client.call("GET", "session");
  const days = (Date.parse(view.json?.factor?.requiredFrom ?? "") - Date.now()) / 86_400_000;
  ledger.note(Math.abs(days - 3) < 0.01, "the days of grace are told", "viewer", `${days} days`);
  ledger.status("within the days of grace", "viewer", await person.client.call("GET", "members"), 200);
  await stage.sql("postgres", async (client) => {
    const back = "update tenant set factor_required_from = now() - interval '1 second' where tenant_id = $1";
    await client.query(back, [company.id]);
    await client.query("commit");
  });
  const late = await person.client.call("GET", "members");
  ledger.note(
    late.json?.error?.code === "factor_required",
    "after the days of grace",
    "viewer without a factor",
    `${late.status} ${late.json?.error?.code ?? ""}`,
  );
  await addTotp(person.client);
  ledger.status("with one", "viewer", await person.client.call("GET", "members"), 200);
  ledger.status("its removal", "viewer", await person.client.call("DELETE", "account/totp"), 409);
  expectStatus(await policy(false), 200, "asking it of nobody");
  ledger.status(
    "its removal where nobody asks",
    "viewer",
    await person.client.call("DELETE", "account/totp"),
    204,
  );
}

async function lostDevice(stage: Stage, ledger: Ledger, company: Company): Promise<void> {
  const admin = await hireAnother(company, "Helper", "admin");
  const person = await hireAnother(company, "Careless", "viewer");
  await addTotp(person.client);
  const asked = { name: "Errands", permissions: ["document.read"], folder: null, networks: [], days: 1 };
  const { key } = expectStatus(await person.client.call("POST", "keys", { body: asked }), 201, "a key").json;
  const byKey = () =>
    openClient(person.client.origin, company.slug).call("GET", "documents", {
      headers: { authorization: `Bearer ${key}` },
    });
  ledger.status("a key of theirs", "whoever has it", await byKey(), 200);
  const reset = (who: Person) => admin.client.call("DELETE", `members/${who.id}/factors`);
  const confirms = admin.client.confirm;
  admin.client.confirm = null;
  await ageFactor(stage, admin.id);
  ledger.status("a lost device is reset with an old factor", "admin", await reset(person), 403);
  if (admin.passkey) await stepUp(admin.client, admin.passkey);
  admin.client.confirm = confirms;
  ledger.status("of someone who holds more", "admin", await reset(company.owner), 403);
  ledger.status("with a fresh one", "admin", await reset(person), 204);
  ledger.status("open sessions", "the member", await person.client.call("GET", "session"), 401);
  ledger.status("the key, without the factor", "whoever has it", await byKey(), 401);
  const { answer } = await afterPassword(person);
  ledger.note(
    answer.json?.state === "open",
    "the password alone then",
    "the member",
    `${answer.json?.state}`,
  );
}

/** Forgets which codes were used, so that earlier ones can be tried for their age alone. */
async function forgetSteps(stage: Stage, { id }: Person): Promise<void> {
  await stage.sql("postgres", async (client) => {
    await client.query("update totp set last_step = null where member_id = $1", [id]);
    await client.query("commit");
  });
}

import { later, minutes } from "../../../kernel/clock.ts";
import { accountDemand, type Ctx } from "../../../kernel/context.ts";
import { outcomeOf } from "../../../kernel/controls.ts";
import { enter } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { accessCookie, refreshCookie } from "../../../kernel/routes/guards.ts";
import { type Client, openClient } from "../../trust/stage/client.ts";
import { type Person, signIn } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { LONGEST, refreshSession } from "../sessions/service.ts";
import { openLedger } from "./ledger.ts";

export async function checkSessions(stage: Stage) {
  const ledger = openLedger();
  const { url } = stage.server;
  const person = await stage.a.hire(`Session ${Date.now()}`, "viewer");
  const again = () => signIn(url, stage.a.slug, person.address, person.password, "viewer");
  const refresh = (client: Client, headers?: Record<string, string>) =>
    client.call("POST", "session/refresh", { body: {}, ...(headers ? { headers } : {}) });
  const copy = (client: Client) => {
    const other = openClient(url, client.slug);
    for (const [name, value] of client.cookies) other.cookies.set(name, value);
    other.csrf = client.csrf;
    return other;
  };

  const raw = await openClient(url, stage.a.slug).call("POST", "session", {
    body: { address: person.address, password: person.password },
  });
  for (const line of raw.headers.getSetCookie()) {
    const good =
      /^__Host-/.test(line) &&
      /; HttpOnly/i.test(line) &&
      /; Secure/i.test(line) &&
      /; SameSite=Lax/i.test(line) &&
      /; Path=\/(;|$)/i.test(line) &&
      !/Domain=/i.test(line);
    ledger.note(good, `cookie ${line.split("=")[0]}`, "sign-in", line.replace(/=[^;]*/, "=…"));
  }
  const token =
    raw.headers
      .getSetCookie()
      .find((l) => l.startsWith(accessCookie(stage.a.slug)))
      ?.split("=")[1]
      ?.split(";")[0] ?? "";
  const [header, claims] = token
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString() || "{}"));
  ledger.note(
    header?.alg === "RS256" && claims.exp - claims.iat <= 300,
    "access token",
    "sign-in",
    `${header?.alg}, ${claims?.exp - claims?.iat} s`,
  );

  // Rotation, two tabs at once, and reuse.
  const one = await again();
  const tab = copy(one.client);
  const both = await Promise.all([refresh(one.client), refresh(tab)]);
  ledger.note(
    both.every((a) => a.status === 200),
    "two tabs refresh at once",
    "member",
    both.map((a) => a.status).join(" and "),
  );
  const name = refreshCookie(stage.a.slug);
  ledger.note(
    one.client.cookies.get(name) === tab.cookies.get(name),
    "both get the same successor",
    "member",
    "compared",
  );
  const stale = copy(one.client);
  ledger.status("a refresh", "member", await refresh(one.client), 200);
  ledger.note(
    stale.cookies.get(name) !== one.client.cookies.get(name),
    "the refresh token is another each time",
    "member",
    "compared",
  );
  ledger.status("and once more", "member", await refresh(one.client), 200);
  ledger.status("a token that was used before", "a thief", await refresh(stale), 401);
  ledger.status("after it, the newest token", "member", await refresh(one.client), 401);
  ledger.status("after it, the access token", "member", await one.client.call("GET", "session"), 401);
  const guess = await again();
  const made = openClient(url, stage.a.slug);
  const [id, generation] = (guess.client.cookies.get(name) ?? "").split(".");
  made.cookies.set(name, `${id}.${generation}.${"A".repeat(43)}`);
  ledger.status("a made-up token for a real session", "a stranger", await refresh(made), 401);
  ledger.status("and the session still stands", "member", await guess.client.call("GET", "session"), 200);

  // Good in one workspace only, whatever the cookie is called.
  const abroad = openClient(url, stage.b.slug);
  abroad.cookies.set(accessCookie(stage.b.slug), guess.client.cookies.get(accessCookie(stage.a.slug)) ?? "");
  abroad.cookies.set(refreshCookie(stage.b.slug), guess.client.cookies.get(name) ?? "");
  ledger.status(
    "the access token elsewhere",
    "member of another workspace",
    await abroad.call("GET", "session"),
    401,
  );
  ledger.status("the refresh token elsewhere", "member of another workspace", await refresh(abroad), 401);

  await clocks(stage, ledger, person);
  const stored = await storedHashes(stage, guess.client.cookies.get(name) ?? "");
  ledger.note(
    stored,
    "the refresh token is stored hashed",
    "database superuser",
    stored ? "not found in clear" : "found",
  );
  return outcomeOf(ledger.findings, `${ledger.findings.length} properties of tokens, cookies and clocks`);
}

// With the clock moved to either side of each limit.
async function clocks(stage: Stage, ledger: ReturnType<typeof openLedger>, person: Person): Promise<void> {
  const { system, url } = stage.server;
  const base = jobContext(system, { tenantId: stage.a.id, slug: stage.a.slug });
  const fresh = () => signIn(url, stage.a.slug, person.address, person.password, "viewer");
  const enters = async (p: Person, after: number): Promise<boolean> => {
    const claims = await system.tokens.verify(p.client.cookies.get(accessCookie(stage.a.slug)) ?? "");
    const at = later(new Date(), after);
    const ctx: Ctx = {
      ...base,
      actor: { kind: "member", memberId: p.id, sessionId: claims.sessionId },
      demand: accountDemand,
      clock: () => at,
    };
    return enter(ctx).then(
      () => true,
      () => false,
    );
  };
  const refreshes = async (p: Person, after: number): Promise<boolean> => {
    const at = later(new Date(), after);
    const ctx: Ctx = { ...base, actor: { kind: "visitor" }, clock: () => at };
    return refreshSession(ctx, p.client.cookies.get(refreshCookie(stage.a.slug))).then(
      () => true,
      () => false,
    );
  };
  const idle = await fresh();
  ledger.note(await enters(idle, minutes(29)), "29 minutes without use", "moved clock", "open");
  ledger.note(!(await enters(idle, minutes(31))), "31 minutes without use", "moved clock", "ended");
  ledger.note(
    !(await refreshes(idle, minutes(31))),
    "a refresh after 31 minutes without use",
    "moved clock",
    "refused",
  );
  const polled = await fresh();
  ledger.note(await refreshes(polled, minutes(20)), "a refresh after 20 minutes", "moved clock", "granted");
  ledger.note(
    !(await enters(polled, minutes(31))),
    "refreshing is not use",
    "moved clock",
    "ended after 31 minutes",
  );
  const busy = await fresh();
  await stage.sql("postgres", async (client) => {
    await client.query(
      "update session set last_active_at = now() + interval '8 days' where member_id = $1 and ended_at is null",
      [busy.id],
    );
    await client.query("commit");
  });
  ledger.note(
    await enters(busy, LONGEST - minutes(5)),
    "just under seven days of steady use",
    "moved clock",
    "open",
  );
  ledger.note(
    !(await enters(busy, LONGEST + minutes(5))),
    "seven days, whatever happens",
    "moved clock",
    "ended",
  );
}

async function storedHashes(stage: Stage, token: string): Promise<boolean> {
  let found = false;
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ line: string }>("select s::text as line from session s");
    const secret = token.split(".")[2] ?? "";
    found =
      secret === "" ||
      rows.some(
        (r) => r.line.includes(secret) || r.line.includes(Buffer.from(secret, "base64url").toString("hex")),
      );
  });
  return !found;
}

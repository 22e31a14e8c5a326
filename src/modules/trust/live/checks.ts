import Fastify from "fastify";
import type { ClassName } from "../../../../attacker/contract.ts";
import { minutes } from "../../../kernel/clock.ts";
import type { Control, Finding } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { rolesOf } from "../../../kernel/matrix.ts";
import { mountReference } from "../../../kernel/reference.ts";
import { mountRoutes } from "../../../kernel/routes/router.ts";
import { readCanaries } from "../canaries/store.ts";
import { ensureCanaries } from "../canaries/upkeep.ts";
import { asPublic } from "../public-page/reader.ts";
import { expectStatus, openClient } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import { inPieces, nothing } from "../stage/pieces.ts";
import type { Stage } from "../stage/stage.ts";
import { checkDecoys, someCanaries } from "./checks-decoys.ts";
import { freshFor } from "./public.ts";
import { attackLive } from "./service.ts";
import { latestAttack, storeAttack } from "./store.ts";

export const liveControl: Control<Stage> = {
  id: "trust.self-attack",
  kind: "tested",
  removed: "the guard of one route, in a second server on the same installation",
  ...inPieces(
    nothing,
    {
      run: async (stage) => [...(await checkCanaries(stage)), ...(await checkRun(stage))],
      age: checkAge,
      breach: checkBreach,
      decoys: checkDecoys,
    },
    () => ({
      summary:
        "an attack on the running server, one that finds a planted hole, old and forged ones; ways to touch a canary, and requests that touch none",
    }),
  ),
};

// As fast as it goes: nobody waits for this server.
const AT_ONCE = 0;
const QUICKLY: readonly ClassName[] = ["no-credentials", "foreign-tenant"];
const LEAST_ATTEMPTS = 500;

/** They are there, filled, in no list of the operator's, and no mail was written for them. */
async function checkCanaries(stage: Stage): Promise<Finding[]> {
  const { system, url } = stage.server;
  const ready = await ensureCanaries(system, url, { gently: false });
  const canaries = await readCanaries(system);
  const { client } = stage.founder.operator;
  const lists = [
    expectStatus(await client.call("GET", "tenants"), 200, "listing customers"),
    expectStatus(await client.call("GET", "support"), 200, "listing who let support in"),
  ];
  const listed = canaries.filter(({ slug, id }) =>
    lists.some(({ text }) => text.includes(slug) || text.includes(id)),
  );
  const grants = canaries.every(({ secrets }) => (secrets.objects["support-grant"] ?? []).length > 0);
  const mails = (await readOutbox(system, 500)).filter((mail) =>
    canaries.some(({ slug }) => slug === mail.tenant),
  );
  return [
    finding(ready && canaries.length === 2, "the canaries", "the installation", `${canaries.length} ready`),
    finding(
      listed.length === 0 && grants,
      "the operator’s lists",
      "the operator",
      `${listed.length} canaries in them`,
    ),
    finding(mails.length === 0, "mails of canaries", "the outbox", `${mails.length} mails`),
  ];
}

async function checkRun(stage: Stage): Promise<Finding[]> {
  const { system, url, liveRoutes, routes } = stage.server;
  const stored = await attackLive(system, url, { perSecond: AT_ONCE, only: QUICKLY });
  const latest = await asPublic(system, (ask) => latestAttack(system, ask, "live"));
  const signed = latest !== "forged" && latest?.id === stored?.id;
  const lacking = stored?.summary.uncovered.filter((group) => / has no .* to use$/.test(group.reason ?? ""));
  const without = new Set(
    lacking?.flatMap((group) => group.routes).filter((name) => name.startsWith("GET ")),
  );
  const left = stored?.summary.uncovered.filter((group) => group.class === "no-credentials") ?? [];
  const reading = liveRoutes
    .filter(({ method, url: at }) => method === "GET" && at.startsWith("/api/t/:slug/"))
    .map(({ url: at }) => at.slice("/api/t/:slug".length));
  // Public ones have nobody to refuse, the operator's nobody to succeed; and of some nouns no canary has an object.
  const asked = routes.filter(
    (r) => r.method === "GET" && r.demand.permission !== null && !r.demand.permission.startsWith("operator."),
  );
  const missed = reading
    .filter((path) => asked.some((r) => r.path === path))
    .map((path) => `GET ${path.replace(/:(\w+)/g, "{$1}")}`)
    .filter((name) => left.some((group) => group.routes.includes(name)) && !without.has(name));
  const attempts = stored?.summary.attempts ?? 0;
  const page = await liveOf(stage);
  return [
    finding(
      signed && attempts >= LEAST_ATTEMPTS,
      "an attack on the running server",
      "the ledger",
      `${attempts} attempts, ${signed ? "signed" : "not signed"}`,
    ),
    finding(
      missed.length === 0,
      "every route that reads",
      "the ledger",
      missed.join(", ") ||
        `${reading.length} routes${without.size > 0 ? `, of which no canary has an object for ${[...without].join(", ")}` : ""}`,
    ),
    finding(
      page?.last?.result === "held" && page.last.attempts === attempts,
      "what held",
      "the page",
      `${page?.last?.result}, ${page?.last?.attempts} attempts`,
    ),
  ];
}

/** What is too old is grey, and what nobody here signed is not shown. */
async function checkAge(stage: Stage): Promise<Finding[]> {
  const { system } = stage.server;
  const now = system.clock().getTime();
  const { note } = await storeAttack(system, "live", emptyLedger);
  const age = async (milliseconds: number) => {
    await withoutAttacks(stage);
    await storeAttack(system, "live", emptyLedger, { at: new Date(now - milliseconds) });
    return (await liveOf(stage))?.last?.result;
  };
  const fresh = await age(freshFor(system) - minutes(1));
  const old = await age(freshFor(system) + minutes(1));
  await system.pool.query(
    "insert into platform.attack_run (run_id, at, version, kind, summary, note) select $1, $2, version, kind, summary, $3 from platform.attack_run limit 1",
    [newId(), system.clock(), note],
  );
  const forged = await liveOf(stage);
  await withoutAttacks(stage);
  const before = await liveOf(stage);
  return [
    finding(fresh === "held", "three hours but for a minute ago", "the page", `${fresh}`),
    finding(old === "stale", "three hours and a minute ago", "the page", `${old}`),
    finding(
      forged?.forged === true && forged.last === null,
      "a result written past the attack",
      "the application’s role",
      forged?.forged ? "said to be forged" : `${forged?.last?.result}`,
    ),
    finding(
      before?.last === null,
      "before the first attack",
      "the page",
      before?.last === null ? "says so" : "claims one",
    ),
  ];
}

/** A second server on the same installation, one guard of which is missing: the attack finds it, and everybody hears of it. */
async function checkBreach(stage: Stage): Promise<Finding[]> {
  const { system, routes } = stage.server;
  await someCanaries(system);
  const server = Fastify({ forceCloseConnections: true });
  const holed = routes.map((r) =>
    r.method === "GET" && r.path === "/groups"
      ? { ...r, demand: { ...r.demand, permission: null }, handler: async () => ({ items: [], next: null }) }
      : r,
  );
  await mountRoutes(server, system, holed);
  mountReference(server, routes, system.version, rolesOf);
  try {
    const origin = await server.listen({ host: "127.0.0.1", port: 0 });
    const stored = await attackLive(system, origin, { perSecond: AT_ONCE, only: ["no-credentials"] });
    const { live, claims } = await pageOf(stage);
    const mail = (await readOutbox(system)).find(({ subject }) => subject.includes("got through"));
    const { client } = stage.founder.operator;
    const details = await client.call("GET", `attacks/${stored?.id}`);
    const told = details.json?.probes?.some((probe: { route: string }) => probe.route.endsWith("/groups"));
    const got = live?.last?.breached ?? [];
    const said = JSON.stringify(got);
    return [
      finding(
        live?.last?.result === "broken" && got[0]?.claim === "tenancy.roles",
        "a planted hole",
        "the page",
        `${live?.last?.result}: ${said}`,
      ),
      finding(
        claims.get("tenancy.roles") === "broken",
        "the claim that it breaks",
        "the page",
        `${claims.get("tenancy.roles")}`,
      ),
      finding(
        got.length > 0 && !said.includes("groups"),
        "where the hole is",
        "the page",
        said.includes("groups") ? "told" : "not told",
      ),
      finding(
        mail !== undefined && !mail.text.includes("groups"),
        "a mail to the operator",
        "the outbox",
        mail ? "sent" : "none",
      ),
      finding(told === true, "where the hole is", "the operator", told ? "told" : `${details.status}`),
    ];
  } finally {
    await server.close();
    await withoutAttacks(stage);
  }
}

const emptyLedger = {
  probes: [
    {
      claim: "tenancy.isolation-api",
      route: "GET /api/t/{slug}/folders",
      class: "no-credentials" as const,
      role: "none",
      who: "nobody",
      request: "",
      status: 401,
      verdict: "held" as const,
      detail: "401",
      ms: 1,
    },
  ],
  summary: {
    seed: "",
    routes: 1,
    classes: [],
    probes: 1,
    held: 1,
    breached: 0,
    inconclusive: 0,
    requests: 1,
    ms: 1,
    uncovered: [],
  },
};

async function pageOf(stage: Stage) {
  const visitor = openClient(stage.server.url, "operator");
  const { json } = expectStatus(await visitor.call("GET", "/security.json"), 200, "the page");
  const all: { id: string; result: string }[] = json.questions.flatMap(
    (q: { claims: unknown[] }) => q.claims,
  );
  return { live: json.live as Live, claims: new Map(all.map(({ id, result }) => [id, result])) };
}

type Live = Awaited<ReturnType<typeof import("./public.ts").liveResult>> | undefined;
const liveOf = async (stage: Stage): Promise<Live> => (await pageOf(stage)).live;

async function withoutAttacks(stage: Stage): Promise<void> {
  await stage.sql("postgres", async (client) => {
    await client.query("delete from platform.attack_run");
    await client.query("commit");
  });
}

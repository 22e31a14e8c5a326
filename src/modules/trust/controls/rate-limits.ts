import { createApp } from "../../../app.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { networkOf } from "../../../kernel/limits/network.ts";
import { type Limiter, memoryLimiter, rates } from "../../../kernel/limits/token-bucket.ts";
import type { Route } from "../../../kernel/routes/contract.ts";
import { checkRate } from "../../../kernel/routes/guards.ts";
import type { System } from "../../../kernel/system.ts";
import { finding } from "../stage/finding.ts";
import { type Person, signInAgain } from "../stage/people.ts";
import { hireAnother, spareCompany } from "../stage/spare-company.ts";
import type { Stage } from "../stage/stage.ts";
import { knock } from "./knock.ts";
import { addressFor, bursts, type People } from "./rate-limits-bursts.ts";
import { sharedLimits } from "./rate-limits-shared.ts";

const UNSCALED = 1;

/**
 * A second server on the same system, with the limits as they are in earnest and a clock that this check moves: an
 * instance that is attacked multiplies its limits, so that the attacks are not what is limited. `limiterWith` is
 * replaced only by the test that takes the limit away.
 */
export async function checkRateLimits(
  stage: Stage,
  limiterWith: (clock: Clock) => Limiter = (clock) => memoryLimiter(clock, UNSCALED),
): Promise<Outcome> {
  const { system } = stage.server;
  const clock = { now: Date.now() };
  const limited: System = {
    ...system,
    // Requests say where they come from, as behind a proxy; the checks have one address only.
    config: { ...system.config, trustedProxies: ["127.0.0.1", "::1"] },
    limiter: limiterWith(() => new Date(clock.now)),
  };
  const app = await createApp(limited);
  try {
    await app.server.listen({ host: "127.0.0.1", port: 0 });
    const address = app.server.server.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const people = await openPeople(stage);
    const shared = await sharedLimits(system);
    const findings = [
      ...networks(),
      ...(shared ?? []),
      ...(await bursts({ origin, clock, people })),
      ...(await wholeTenant(limited, app.routes, stage)),
      ...(await publicDoor(limited, app.routes, stage)),
      ...(await everyRoute(origin, people.leaving, app.routes)),
    ];
    return outcomeOf(
      findings,
      `${Object.keys(rates).length} rate classes to their end, ${app.routes.length} routes, ${shared ? "two servers on one Valkey" : "one process only: no Valkey or Redis is installed here"}`,
    );
  } finally {
    await app.server.close();
  }
}

async function openPeople(stage: Stage): Promise<People> {
  const company = await spareCompany(stage);
  const [one, leaving] = await Promise.all([
    hireAnother(company, "Rhea Tallow", "manager"),
    hireAnother(company, "Odo Brink", "manager"),
  ]);
  const colleague = await signInAgain(company.owner);
  return { one, colleague, foreigner: stage.b.people.manager[0], leaving };
}

function networks(): Finding[] {
  const same = (what: string, a: string, b: string, expected: boolean) =>
    finding(
      (networkOf(a) === networkOf(b)) === expected,
      what,
      `${a} and ${b}`,
      networkOf(a) === networkOf(b) ? "counted as one" : "counted apart",
    );
  return [
    same("two addresses of one IPv6 /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", true),
    same("two addresses of two /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false),
    same("an IPv4 address and its mapped form", "192.0.2.1", "::ffff:192.0.2.1", true),
    same("an IPv4 address and its mapped form in hexadecimal", "192.0.2.1", "::ffff:c000:201", true),
    same("two IPv4 addresses", "192.0.2.1", "::ffff:192.0.2.2", false),
    same("an address with a zone", "fe80::1%eth0", "fe80::2", true),
  ];
}

/** A customer as a whole is limited too, however many members it has. */
async function wholeTenant(system: System, routes: readonly Route[], stage: Stage): Promise<Finding[]> {
  const route = routes.find((r) => r.rate === "ask");
  if (!route) return [finding(false, "a route of class ask", "", "there is none")];
  const { burst } = rates.ask;
  const most = burst * 100;
  let passed = 0;
  for (let n = 0; n < most; n++)
    if ((await checkRate(system, route, { tenantId: stage.a.id, actor: { memberId: newId() } })).allowed)
      passed++;
  const neighbour = (await checkRate(system, route, { tenantId: stage.b.id, actor: { memberId: newId() } }))
    .allowed;
  return [
    finding(
      passed >= burst && passed < most,
      `${route.method} ${route.url}, ${most} at once`,
      `${most} members of one company`,
      `${passed} passed`,
    ),
    finding(
      neighbour,
      `${route.method} ${route.url}, after that`,
      "a member of another company",
      neighbour ? "passed" : "refused",
    ),
  ];
}

/** A crowd of networks at one workspace's sign-in leaves that of the others open. */
async function publicDoor(system: System, routes: readonly Route[], stage: Stage): Promise<Finding[]> {
  const route = routes.find((r) => r.method === "POST" && r.path === "/session");
  if (!route) return [finding(false, "POST session", "", "there is none")];
  const { burst } = rates["sign-in"];
  const most = burst * 100;
  let passed = 0;
  for (let n = 0; n < most; n++)
    if ((await checkRate(system, route, { ip: `10.${n >> 8}.${n & 255}.1`, slug: stage.a.slug })).allowed)
      passed++;
  const neighbour = (await checkRate(system, route, { ip: "10.200.0.1", slug: stage.b.slug })).allowed;
  return [
    finding(
      passed >= burst && passed < most,
      `${route.method} ${route.url}, ${most} at once`,
      `${most} networks at one workspace`,
      `${passed} passed`,
    ),
    finding(
      neighbour,
      `${route.method} ${route.url}, after that`,
      "one of those at another workspace",
      neighbour ? "passed" : "refused",
    ),
  ];
}

/** Every route of the table says its limit, which is that of its class. Those that end the session come last. */
async function everyRoute(origin: string, person: Person, routes: readonly Route[]): Promise<Finding[]> {
  const endsSession = (r: Route) => r.method === "DELETE" && /\/sessions?$/.test(r.url);
  const ordered = [...routes].sort((a, b) => Number(endsSession(a)) - Number(endsSession(b)));
  const findings: Finding[] = [];
  for (const route of ordered) {
    const path = route.url.replace(":slug", person.client.slug).replace(":id", newId());
    const guarded = "permission" in route.access;
    const answer = await knock(origin, route.method, path, {
      ip: addressFor(250),
      body: {},
      ...(guarded ? { who: person } : {}),
    });
    const limit = answer.headers.get("ratelimit-limit");
    findings.push(
      finding(
        limit === String(rates[route.rate].burst),
        `${route.method} ${route.url}`,
        `class ${route.rate}`,
        `${answer.status}, RateLimit-Limit ${limit ?? "missing"}`,
      ),
    );
  }
  return findings;
}

import { createApp } from "../../../app.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { networkOf } from "../../../kernel/limits/network.ts";
import { type Limiter, memoryLimiter, type RateClass, rates } from "../../../kernel/limits/token-bucket.ts";
import type { Route } from "../../../kernel/routes/contract.ts";
import { checkRate } from "../../../kernel/routes/guards.ts";
import type { System } from "../../../kernel/system.ts";
import { finding } from "../stage/finding.ts";
import { type Person, signIn } from "../stage/people.ts";
import { hireAnother, spareCompany } from "../stage/spare-company.ts";
import type { Stage } from "../stage/stage.ts";

/** One limit per class is tried to its end, so a route of it is needed that answers at once and changes nothing. */
const TRIED: Readonly<Record<RateClass, readonly [method: string, path: string, body?: unknown]>> = {
  read: ["GET", "tenant"],
  write: ["PATCH", "account", {}],
  upload: ["POST", "documents", {}],
  ask: ["POST", `chats/${newId()}/questions`, { text: "?" }],
  stream: ["GET", `answers/${newId()}/stream`],
  public: ["POST", "invitations/open", {}],
  "sign-in": ["POST", "session", {}],
};
const OVER = 3;
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
    const findings = [
      ...networks(),
      ...(await bursts({ origin, clock, people })),
      ...wholeTenant(limited, app.routes, stage),
      ...(await everyRoute(origin, people.leaving, app.routes)),
    ];
    return outcomeOf(
      findings,
      `${Object.keys(rates).length} rate classes to their end, ${app.routes.length} routes, one process`,
    );
  } finally {
    await app.server.close();
  }
}

interface People {
  readonly one: Person;
  readonly colleague: Person;
  readonly foreigner: Person;
  /** Whose sessions may end. */
  readonly leaving: Person;
}

async function openPeople(stage: Stage): Promise<People> {
  const company = await spareCompany(stage);
  const [one, leaving] = await Promise.all([
    hireAnother(company, "Rhea Tallow", "manager"),
    hireAnother(company, "Odo Brink", "manager"),
  ]);
  const colleague = await signIn(
    stage.server.url,
    company.slug,
    company.owner.address,
    company.owner.password,
    "owner",
  );
  return { one, colleague, foreigner: stage.b.people.manager[0], leaving };
}

const addressFor = (n: number): string => `198.51.100.${n}`;

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

interface Place {
  readonly origin: string;
  readonly clock: { now: number };
  readonly people: People;
}

async function bursts({ origin, clock, people }: Place): Promise<Finding[]> {
  const findings: Finding[] = [];
  let source = 1;
  for (const [name, [method, path, body]] of Object.entries(TRIED) as [
    RateClass,
    (typeof TRIED)[RateClass],
  ][]) {
    const { burst, perMinute } = rates[name];
    const isPublic = name === "public" || name === "sign-in";
    const from = addressFor(source++);
    const knockAs = (who: Person | null, ip = from, at = path) =>
      knock(origin, method, `/api/t/${who?.client.slug ?? people.one.client.slug}/${at}`, {
        ip,
        body,
        ...(who ? { who } : {}),
      });
    const me = isPublic ? null : people.one;
    const who = isPublic ? "a visitor" : "a member";
    const what = `${method} ${path.replace(/[0-9a-f-]{36}/, ":id")}`;

    const all = await Promise.all(Array.from({ length: burst + OVER }, () => knockAs(me)));
    const refused = all.filter((a) => a.status === 429);
    const passed = all.length - refused.length;
    findings.push(
      finding(
        passed === burst,
        `${what}, ${all.length} at once`,
        `${who}, class ${name}`,
        `${passed} passed, ${refused.length} × 429`,
      ),
    );
    const last = await knockAs(me);
    const wait = Number(last.headers.get("retry-after"));
    const told =
      Number.isInteger(wait) &&
      wait >= 1 &&
      last.headers.get("ratelimit-limit") === String(burst) &&
      last.headers.get("ratelimit-remaining") === "0";
    findings.push(
      finding(
        last.status === 429 && told && last.code === "rate_limited",
        `${what}, over the limit`,
        who,
        `${last.status}, Retry-After ${wait}, RateLimit-Limit ${last.headers.get("ratelimit-limit")}`,
      ),
    );

    const elsewhere = isPublic
      ? await knockAs(null, addressFor(100 + source))
      : await knockAs(people.foreigner);
    findings.push(
      finding(
        elsewhere.status !== 429,
        what,
        isPublic ? "a visitor of another network" : "a member of another company",
        String(elsewhere.status),
      ),
    );
    if (!isPublic) {
      const beside = await knockAs(people.colleague);
      findings.push(finding(beside.status !== 429, what, "a colleague", String(beside.status)));
    }
    const otherPath = isPublic ? "unlock" : "sessions";
    const other = await knock(
      origin,
      isPublic ? "POST" : "GET",
      `/api/t/${people.one.client.slug}/${otherPath}`,
      {
        ip: from,
        ...(isPublic ? { body: {} } : { who: people.one }),
      },
    );
    findings.push(
      finding(other.status !== 429, `${otherPath}, while ${what} is used up`, who, String(other.status)),
    );

    // A whole token takes `60 / perMinute` seconds: just before it there is none, after the time stated there is.
    const token = 60_000 / perMinute;
    clock.now += token - 20;
    const early = await knockAs(me);
    clock.now += wait * 1000;
    const later = await knockAs(me);
    findings.push(
      finding(
        early.status === 429 && later.status !== 429,
        `${what}, again`,
        `${who}, after the ${wait} s that were stated`,
        `${early.status} before, ${later.status} after`,
      ),
    );
  }
  findings.push(...(await formsOfOneAddress(origin, people)), ...strictest());
  return findings;
}

/** Over HTTP, as a client with a whole /64 would try it at the sign-in. */
async function formsOfOneAddress(origin: string, people: People): Promise<Finding[]> {
  const signInFrom = (ip: string) =>
    knock(origin, "POST", `/api/t/${people.one.client.slug}/session`, { ip, body: {} });
  const findings: Finding[] = [];
  for (const [what, used, same, other] of [
    ["an IPv6 /64", (n: number) => `2001:db8:7:8::${n}`, "2001:db8:7:8:9999::1", "2001:db8:7:9::1"],
    ["IPv4 and its mapped form", () => "203.0.113.9", "::ffff:203.0.113.9", "::ffff:203.0.113.10"],
  ] as const) {
    for (let n = 0; n < rates["sign-in"].burst; n++) await signInFrom(used(n));
    const [here, there] = [await signInFrom(same), await signInFrom(other)];
    findings.push(
      finding(
        here.status === 429 && there.status !== 429,
        `POST session, ${what}`,
        "a visitor with many addresses",
        `${here.status} from ${same}, ${there.status} from ${other}`,
      ),
    );
  }
  return findings;
}

function strictest(): Finding[] {
  const others = Object.entries(rates).filter(([name]) => name !== "sign-in");
  const { burst, perMinute } = rates["sign-in"];
  const stricter = others.every(([, r]) => r.burst > burst && r.perMinute > perMinute);
  return [
    finding(
      stricter,
      "the limit at sign-in",
      "beside every other class",
      `${burst} at once, ${perMinute} a minute`,
    ),
  ];
}

/** A customer as a whole is limited too, however many members it has. */
function wholeTenant(system: System, routes: readonly Route[], stage: Stage): Finding[] {
  const route = routes.find((r) => r.rate === "ask");
  if (!route) return [finding(false, "a route of class ask", "", "there is none")];
  const { burst } = rates.ask;
  const most = burst * 100;
  let passed = 0;
  for (let n = 0; n < most; n++)
    if (checkRate(system, route, { tenantId: stage.a.id, memberId: newId() }).allowed) passed++;
  const neighbour = checkRate(system, route, { tenantId: stage.b.id, memberId: newId() }).allowed;
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

/** Like a client's call, but from an address of choice, and without waiting for a stream to end. */
async function knock(
  origin: string,
  method: string,
  path: string,
  { ip, body, who }: { ip: string; body?: unknown; who?: Person },
): Promise<{ status: number; headers: Headers; code: string | null }> {
  const sendsBody = body !== undefined && method !== "GET" && method !== "DELETE";
  const response = await fetch(origin + path, {
    method,
    headers: {
      "x-forwarded-for": ip,
      ...(sendsBody ? { "content-type": "application/json" } : {}),
      ...(who
        ? {
            cookie: [...who.client.cookies].map(([k, v]) => `${k}=${v}`).join("; "),
            "x-csrf-token": who.client.csrf,
          }
        : {}),
    },
    ...(sendsBody ? { body: JSON.stringify(body) } : {}),
  });
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return { status: response.status, headers: response.headers, code: null };
  }
  const text = await response.text();
  const code = /"code":"([a-z_]+)"/.exec(text)?.[1] ?? null;
  return { status: response.status, headers: response.headers, code };
}

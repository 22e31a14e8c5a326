import { solveChallenge } from "altcha-lib/v1";

/** One answer of the server under test. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or null. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of any route; checks look at what they need
  readonly json: any;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Sent as it is, instead of JSON. */
  readonly raw?: string | Uint8Array | FormData;
  /** A challenge that is asked for is left unsolved; else it is solved and sent along, as the page does it. */
  readonly unsolved?: true;
}

/** A signed-in browser, as far as HTTP goes: keeps cookies and sends the CSRF proof. */
export interface Client {
  readonly origin: string;
  readonly slug: string;
  readonly cookies: Map<string, string>;
  csrf: string;
  /** What the person does when a call asks for a fresh second factor; null: they have none at hand. True: done. */
  confirm: (() => Promise<boolean>) | null;
  /** `path` below `/api/t/<slug>`, or below the origin when it begins with `/`. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
}

const BUSY_TRIES = 3;

export function openClient(origin: string, slug: string): Client {
  const client: Client = {
    origin,
    slug,
    cookies: new Map(),
    csrf: "",
    confirm: null,
    async call(method, path, call = {}) {
      let answer = await sendSolving(client, method, path, call);
      // As a page does when the server has too much to do: what is checked beside it may be a flood.
      for (let tries = 0; answer.json?.error?.code === "busy" && tries < BUSY_TRIES; tries++) {
        await new Promise((resolve) =>
          setTimeout(resolve, 1000 * Number(answer.headers.get("retry-after") ?? 1)),
        );
        answer = await sendSolving(client, method, path, call);
      }
      // As the page does when its access token has run out: checks take their time.
      if (answer.json?.error?.code === "session_expired" && (await refresh(client)))
        answer = await send(client, method, path, call);
      if (answer.json?.error?.code !== "step_up_required" || !(await client.confirm?.())) return answer;
      return send(client, method, path, call);
    },
  };
  return client;
}

async function refresh(client: Client): Promise<boolean> {
  return (await send(client, "POST", "session/refresh", { body: {} })).status === 200;
}

async function sendSolving(client: Client, method: string, path: string, call: Call): Promise<Answer> {
  const answer = await send(client, method, path, call);
  const { body, unsolved } = call;
  if (answer.json?.error?.code !== "challenge_required" || unsolved || typeof body !== "object")
    return answer;
  return send(client, method, path, { ...call, body: { ...body, challenge: await solvedChallenge(client) } });
}

/** A new challenge of the client's workspace, solved. */
export async function solvedChallenge(client: Client): Promise<string> {
  return solve(expectStatus(await send(client, "GET", "session/challenge", {}), 200, "a challenge").json);
}

async function send(
  client: Client,
  method: string,
  path: string,
  { body, headers = {}, raw }: Call,
): Promise<Answer> {
  const url = client.origin + (path.startsWith("/") ? path : `/api/t/${client.slug}/${path}`);
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: {
      ...(client.cookies.size > 0
        ? { cookie: [...client.cookies].map(([k, v]) => `${k}=${v}`).join("; ") }
        : {}),
      ...(client.csrf && method !== "GET" ? { "x-csrf-token": client.csrf } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(raw !== undefined ? { body: raw } : body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  for (const line of response.headers.getSetCookie()) keepCookie(client.cookies, line);
  const text = await response.text();
  const json = parse(text) as { csrf?: unknown } | null;
  if (typeof json?.csrf === "string") client.csrf = json.csrf;
  return { status: response.status, headers: response.headers, text, json };
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const at = pair.indexOf("=");
  const name = pair.slice(0, at).trim();
  const gone = attributes.some((a) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(a));
  if (gone) cookies.delete(name);
  else cookies.set(name, pair.slice(at + 1).trim());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Throws with the answer's own words unless it has the status. */
export function expectStatus(answer: Answer, status: number, what: string): Answer {
  if (answer.status !== status)
    throw new Error(`${what}: ${answer.status} instead of ${status}: ${answer.text.slice(0, 300)}`);
  return answer;
}

/** Solves a challenge as a browser does; answers what goes into the body. */
export async function solve(challenge: {
  readonly algorithm: string;
  readonly challenge: string;
  readonly maxnumber: number;
  readonly salt: string;
  readonly signature: string;
}): Promise<string> {
  const { maxnumber, ...rest } = challenge;
  const solution = await solveChallenge(rest.challenge, rest.salt, rest.algorithm, maxnumber).promise;
  if (!solution) throw new Error("the challenge has no solution");
  return Buffer.from(JSON.stringify({ ...rest, number: solution.number })).toString("base64");
}

/** The client solves by itself what it is asked to. */
export const callSolving = (client: Client, method: string, path: string, body: Record<string, unknown>) =>
  client.call(method, path, { body });

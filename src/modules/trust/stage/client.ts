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
}

/** A signed-in browser, as far as HTTP goes: keeps cookies and sends the CSRF proof. */
export interface Client {
  readonly origin: string;
  readonly slug: string;
  readonly cookies: Map<string, string>;
  csrf: string;
  /** `path` below `/api/t/<slug>`, or below the origin when it begins with `/`. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
}

export function openClient(origin: string, slug: string): Client {
  const client: Client = {
    origin,
    slug,
    cookies: new Map(),
    csrf: "",
    async call(method, path, { body, headers = {}, raw } = {}) {
      const url = origin + (path.startsWith("/") ? path : `/api/t/${slug}/${path}`);
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
    },
  };
  return client;
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

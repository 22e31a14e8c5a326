import { Resolver } from "node:dns/promises";
import http from "node:http";
import { isIP } from "node:net";
import { type App, answer, type Handler, nextId, Refusal, text } from "./model.ts";

// A hook is an address elsewhere that is tried when it is set up.

/** Stands for the whole internet: an address on this machine, so that nothing ever leaves it. */
export const PUBLIC_ADDRESS = "127.0.0.2";
/** What `example.com` is said to be (RFC 5737): never asked, it is pretended that it answered. */
const PRETENDED = "203.0.113.7";
const HOPS = 3;

export const listHooks: Handler = ({ app }, me) =>
  answer(200, { items: app.hooks.filter(({ tenant }) => tenant === me.tenant), next: null });

export const addHook: Handler = async ({ app, body }, me) => {
  const url = text(body.url, 500);
  await visit(app, url);
  const hook = { id: nextId(app), tenant: me.tenant, url };
  app.hooks.push(hook);
  return answer(201, { id: hook.id });
};

/** Each hop is resolved once, judged by its addresses, and reached at the very address that was judged. */
async function visit(app: App, first: string): Promise<void> {
  let at = first;
  for (let hop = 0; hop < HOPS; hop++) {
    const url = readUrl(app, at);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const address = await resolve(app, host);
    const unguarded = app.holes.has("ssrf-open") || (hop > 0 && app.holes.has("ssrf-redirects"));
    if (!unguarded && !mayReach(app, at, address)) throw new Refusal(400, "url_not_public");
    const reached = app.holes.has("ssrf-rebinding") ? await resolve(app, host) : address;
    const { status, location } = await get(url, reached);
    if (status < 300 || status >= 400 || !location) return;
    at = new URL(location, url).href;
  }
  throw new Refusal(400, "too_many_redirects");
}

function readUrl(app: App, raw: string): URL {
  const url = URL.canParse(raw) ? new URL(raw) : null;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    ((url.username || url.password) && !app.holes.has("ssrf-open"))
  )
    throw new Refusal(400, "invalid");
  return url;
}

function mayReach({ holes }: App, raw: string, address: string): boolean {
  if (holes.has("ssrf-by-text"))
    return !/\/\/(127\.0\.0\.1|localhost|10\.|192\.168|169\.254|172\.|\[)/i.test(raw);
  if (holes.has("ssrf-mapped") && isIP(address) === 6) return address !== "::1" && !/^f[ecd]/.test(address);
  return address === PUBLIC_ADDRESS || address === PRETENDED;
}

async function resolve(app: App, host: string): Promise<string> {
  if (isIP(host)) return host;
  if (host === "localhost") return "127.0.0.1";
  if (host === "example.com") return PRETENDED;
  if (app.namePort === null) throw new Refusal(400, "url_not_found");
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${app.namePort}`]);
  const [address] = await resolver.resolve4(host).catch(() => []);
  if (!address) throw new Refusal(400, "url_not_found");
  return address;
}

/** Only this machine is ever reached, hole or not: of other addresses it is pretended that they answered. */
function get(url: URL, address: string): Promise<{ status: number; location?: string | undefined }> {
  if (!/^127\.|^::1$|^::(ffff:)?7f|^0\.0\.0\.0$|^::$/.test(address)) return Promise.resolve({ status: 200 });
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    location?: string | undefined;
  }>();
  const refused = () => reject(new Refusal(400, "url_unreachable"));
  const options = { host: address, port: url.port || 80, path: url.pathname, headers: { host: url.host } };
  const outgoing = http.get({ ...options, timeout: 500 }, (incoming) => {
    incoming.resume();
    resolve({ status: incoming.statusCode ?? 0, location: incoming.headers.location });
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error("slow")));
  outgoing.on("error", refused);
  return promise;
}

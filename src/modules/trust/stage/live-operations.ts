import { seededRandom } from "../../../../attacker/random.ts";
import { sample } from "../../../../attacker/sample.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import type { Client } from "./client.ts";
import type { Stage } from "./stage.ts";

/** A route of a workspace as the running server describes it, with a call that gets past the reading of its input. */
export interface LiveOperation {
  /** `GET /documents/{id}` */
  readonly name: string;
  readonly method: string;
  /** As the server is mounted with it: `/api/t/:slug/documents/:id` */
  readonly url: string;
  /** Below `/api/t/<slug>`, with identifiers that name nothing. */
  readonly path: string;
  /** null: public. */
  readonly permission: string | null;
  readonly body: unknown;
  readonly isUpload: boolean;
}

interface Documented {
  readonly "x-permission": string | null;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
type Schema = Record<string, unknown>;

const PREFIX = "/api/t/{slug}";

/** Every route that the server is really mounted with and that belongs to a workspace. Throws for one that it does not describe. */
export async function liveOperations({ server }: Stage): Promise<LiveOperation[]> {
  const answer = await fetch(`${server.url}/api/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Documented>> };
  const fresh = {
    random: seededRandom("every route"),
    next: () => newId().slice(-12),
    mailDomain: "nobody.example",
  };
  return server.liveRoutes
    .filter(({ url }) => url.startsWith("/api/t/:slug/"))
    .map(({ method, url }) => {
      const at = url.replace(/:(\w+)/g, "{$1}");
      const said = paths[at]?.[method.toLowerCase()];
      if (!said) throw new Error(`${method} ${url} is not described`);
      const query = (said.parameters ?? [])
        .filter((p) => p.in === "query" && p.required)
        .map((p) => `${p.name}=${encodeURIComponent(String(sample(p.schema, fresh)))}`)
        .join("&");
      // What is a number must be one, or the call ends before anybody asks who makes it.
      const filled = (key: string) => {
        const schema = said.parameters?.find((p) => p.in === "path" && p.name === key)?.schema;
        return schema?.type === "integer" ? String(sample(schema, fresh)) : newId();
      };
      const [[type = "", media] = []] = Object.entries(said.requestBody?.content ?? {});
      return {
        name: `${method} ${at.slice(PREFIX.length)}`,
        method,
        url,
        path:
          at.slice(PREFIX.length).replace(/\{(\w+)\}/g, (_, key) => filled(key)) + (query ? `?${query}` : ""),
        permission: said["x-permission"],
        body: media && type.includes("json") ? sample(media.schema, fresh, method !== "POST") : undefined,
        isUpload: type.includes("multipart"),
      };
    });
}

/** What a call came to: `outside` when the permission of the route is not held, whatever else would have been wrong. */
export interface Knock {
  readonly status: number;
  readonly code: string | null;
  readonly outside: boolean;
}

/** Calls a route with some credentials; a stream is let go as soon as it opens. */
export async function knockAt(
  stage: Stage,
  slug: string,
  { method, path, body, isUpload }: LiveOperation,
  headers: Readonly<Record<string, string>>,
): Promise<Knock> {
  const form = new FormData();
  form.append("file", new Blob(["A line."]), "line.txt");
  const response = await fetch(`${stage.server.url}/api/t/${slug}${path}`, {
    method,
    redirect: "manual",
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(isUpload ? { body: form } : body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status } = response;
  if (!response.headers.get("content-type")?.includes("json")) {
    await response.body?.cancel();
    return { status, code: null, outside: false };
  }
  const error = ((await response.json()) as { error?: { code: string; message: string } } | null)?.error;
  const outside = status === 403 && error?.code === "forbidden" && error.message === OUTSIDE;
  return { status, code: error?.code ?? null, outside };
}

// Of a verb that refuses for a reason of its own the words are others.
const OUTSIDE = appError("forbidden").message;

/** The cookies and the proof of a signed-in browser, as headers. */
export const credentialsOf = ({ cookies, csrf }: Client): Record<string, string> => ({
  cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
  "x-csrf-token": csrf,
});

/** Does something for each, a few at a time, in order of the answers' subjects. */
export async function forEach<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
  atOnce = 8,
): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < all.length; from += atOnce)
    results.push(...(await Promise.all(all.slice(from, from + atOnce).map(work))));
  return results;
}

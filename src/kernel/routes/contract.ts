import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Ctx, Demand } from "../context.ts";
import type { RateClass } from "../limits/token-bucket.ts";

export type Access = { readonly permission: string } | { readonly publicBecause: string };
export type Audit = string | { readonly unauditedBecause: string };

/** The route asks for a permission, checked in the first statement of every unit of work. */
export const allow = (permission: string): Access => ({ permission });
export const publicBecause = (reason: string): Access => ({ publicBecause: reason });
export const unauditedBecause = (reason: string): Audit => ({ unauditedBecause: reason });

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Shape = z.ZodType | undefined;
type Parsed<S extends Shape> = S extends z.ZodType ? z.output<S> : undefined;

export interface Input<P extends Shape, Q extends Shape, B extends Shape> {
  readonly params: Parsed<P>;
  readonly query: Parsed<Q>;
  readonly body: Parsed<B>;
}

/** What a handler may do to the answer beside its value. */
export interface Reply {
  setCookie(name: string, value: string, maxAgeSeconds: number): void;
  clearCookie(name: string): void;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  header(name: string): string | undefined;
  /** The workspace that the address names, whether there is one or not. */
  readonly slug: string;
  /** Ends when the other side has gone away. */
  gone(): AbortSignal;
  /** The parts named `file` of a multipart body, one after the other; each must be consumed. */
  uploads(): AsyncIterable<Upload>;
  /** Whether the browser will keep a Secure cookie from this origin. */
  keepsCookies(): boolean;
}

export interface Upload {
  readonly name: string;
  readonly stream: Readable;
  /** A text field of the form that stood before this part. */
  field(name: string): string | undefined;
}

/** Bytes that are downloaded and never shown: always an attachment in a sandbox. */
export interface Download {
  readonly stream: Readable;
  readonly name: string;
  /** null where nobody knows before it is read: it then leaves in chunks. */
  readonly bytes: number | null;
  /** Where parts of it can be asked for: how much there is in all, and which part this is, up to but without `end`. */
  readonly ranges?: { readonly total: number; readonly start?: number; readonly end?: number };
}

export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

export interface RouteSpec<P extends Shape, Q extends Shape, B extends Shape, O extends z.ZodType> {
  readonly method: Method;
  /** Below `/api/t/:slug`, or below `/api` for routes of the whole installation. */
  readonly path: string;
  readonly of?: "tenant" | "installation";
  /** One line for the reference page. */
  readonly words: string;
  /** What `:id` names. */
  readonly resource?: string;
  /** What a success creates; the answer holds its id as `id`, `items[0].id` or `<noun>.id`. */
  readonly creates?: string;
  readonly access: Access;
  readonly audit: Audit;
  readonly rate: RateClass;
  /** Not a person's doing: does not prolong the session. */
  readonly background?: true;
  /** Asks for a second factor that was proved within the last five minutes. */
  readonly fresh?: true;
  /** Open to a member who still has to set up the second factor that their role needs. */
  readonly beforeFactor?: true;
  /** Why this is done in a workspace that is closing, too, although it is no GET. */
  readonly whileClosing?: string;
  /** For the attacker: which `GET path` shows what this changes, or `none: reason`. Default: the GET of the resource. */
  readonly state?: `GET ${string}` | `none: ${string}`;
  /** For the attacker: a refusal that the owner's own call on a fresh object may meet. */
  readonly mayAnswer?: readonly number[];
  /** For the attacker: classes of attack that make no sense here, each with its reason. */
  readonly unprobed?: Readonly<Record<string, string>>;
  readonly input?: { readonly params?: P; readonly query?: Q; readonly body?: B | "files" };
  readonly output: { readonly [status: number]: O | "events" | "bytes" };
  readonly handler: (
    ctx: Ctx,
    input: Input<P, Q, B>,
    reply: Reply,
  ) => Promise<z.input<O> | AsyncIterable<StreamEvent> | Download | null>;
}

/** A route as the kernel keeps it: the same data with the types of its input forgotten. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly url: string;
  readonly of: "tenant" | "installation";
  readonly words: string;
  readonly resource: string | null;
  readonly creates: string | null;
  readonly access: Access;
  readonly audit: Audit;
  readonly rate: RateClass;
  readonly background: boolean;
  readonly demand: Demand;
  readonly state: string | null;
  readonly mayAnswer: readonly number[];
  readonly unprobed: Readonly<Record<string, string>>;
  readonly params: z.ZodType | null;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | "files" | null;
  readonly status: number;
  readonly output: z.ZodType | "events" | "bytes";
  readonly handler: (ctx: Ctx, input: Input<Shape, Shape, Shape>, reply: Reply) => Promise<unknown>;
}

/** The table that everything is derived from: router, OpenAPI, matrix, limits, sweeps, attacker. */
export type Routes = Route[];

export function route<P extends Shape, Q extends Shape, B extends Shape, O extends z.ZodType>(
  routes: Routes,
  spec: RouteSpec<P, Q, B, O>,
): void {
  const of = spec.of ?? "tenant";
  const url = (of === "tenant" ? "/api/t/:slug" : "/api") + spec.path;
  const named = `${spec.method} ${url}`;
  // Types already ask for these; a caller in plain JavaScript, or a cast, must not get around them.
  if (!spec.access) throw new Error(`${named} declares no access`);
  if (!spec.audit) throw new Error(`${named} declares no audit event`);
  if (!spec.rate) throw new Error(`${named} declares no rate class`);
  if (spec.path.includes("/:id") && !spec.resource)
    throw new Error(`${named} does not say what its id names`);
  if (spec.path.includes(":") && !spec.input?.params)
    throw new Error(`${named} does not describe its parameters`);
  if ((spec.fresh || spec.beforeFactor) && "publicBecause" in spec.access)
    throw new Error(`${named} is public and has nobody to ask for a second factor`);
  if (routes.some((r) => r.method === spec.method && r.url === url))
    throw new Error(`${named} is declared twice`);
  const [status, output] = Object.entries(spec.output)[0] ?? [];
  if (!status || !output) throw new Error(`${named} describes no answer`);
  routes.push({
    method: spec.method,
    path: spec.path,
    url,
    of,
    words: spec.words,
    resource: spec.resource ?? null,
    creates: spec.creates ?? null,
    access: spec.access,
    audit: spec.audit,
    rate: spec.rate,
    background: spec.background ?? false,
    demand: {
      permission: "permission" in spec.access ? spec.access.permission : null,
      fresh: spec.fresh ?? false,
      beforeFactor: spec.beforeFactor ?? false,
      changes: spec.method !== "GET" && spec.whileClosing === undefined,
    },
    state: spec.state ?? null,
    mayAnswer: spec.mayAnswer ?? [],
    unprobed: spec.unprobed ?? {},
    params: spec.input?.params ?? null,
    query: spec.input?.query ?? null,
    body: spec.input?.body ?? null,
    status: Number(status),
    output,
    handler: spec.handler as Route["handler"],
  });
}

export function permissionOf(route: Pick<Route, "demand">): string | null {
  return route.demand.permission;
}

export const changesState = (route: Pick<Route, "method">): boolean => route.method !== "GET";

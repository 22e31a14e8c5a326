import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "./clock.ts";
import type { TenantKeys } from "./crypto/tenant-keys.ts";
import type { Transaction } from "./database/unit.ts";
import { appError } from "./errors.ts";
import type { System } from "./system.ts";

/** `custom` is a row of the tenant's own; `support` is the operator's staff under a tenant's grant. */
export type Role = BuiltInRole | "support" | "custom";
/** Roles that every tenant has, each with all the rights of those before it. */
export type BuiltInRole = "viewer" | "manager" | "admin" | "owner";
export type TenantKind = "operator" | "customer" | "canary";

/**
 * Who acts. A member is known by the session, a program by the hash of its API key, which acts for its owner; role
 * and rights are read from the database at each unit of work.
 */
export type Actor =
  | { readonly kind: "member"; readonly memberId: string; readonly sessionId: string }
  | { readonly kind: "key"; readonly memberId: string; readonly keyId: string; readonly hash: Buffer }
  | { readonly kind: "visitor" | "job" | "operator" };

/** What the database said of the acting member when the last unit of work began. */
export interface Standing {
  readonly memberId: string;
  readonly role: Role;
  /** Of a custom role. */
  readonly roleId: string | null;
  readonly tenantKind: TenantKind;
  /** The workspace is closing: it can be read and exported, and nothing in it changes. */
  readonly closing: boolean;
  readonly via: "session" | "key";
  /** What the role allows; for an API key, what its scope leaves of that. */
  readonly permissions: ReadonlySet<string>;
  /** An API key reaches this folder only, and what lies in it; null: all that its owner reaches. */
  readonly folderId: string | null;
  readonly lastActiveAt: Date;
  /** When this session last proved a second factor. */
  readonly factorAt: Date | null;
  /** From when on this tenant asks everybody for one. */
  readonly factorRequiredFrom: Date | null;
}

/** What a route asks of whoever calls it, before anything else happens. */
export interface Demand {
  /** null for public routes and jobs. */
  readonly permission: string | null;
  /** A second factor proved within the last five minutes. */
  readonly fresh: boolean;
  /** Open to a member who still has to set up the second factor that their role needs. */
  readonly beforeFactor: boolean;
  /** Changes something: refused while the workspace is closing. */
  readonly changes: boolean;
}

export const noDemand: Demand = { permission: null, fresh: false, beforeFactor: false, changes: false };

/** What one's own account asks for. */
export const accountDemand: Demand = {
  permission: "account.use",
  fresh: false,
  beforeFactor: true,
  changes: false,
};

/** Where a request came from; jobs have none. */
export interface Origin {
  readonly ip: string;
  readonly userAgent: string;
}

/**
 * The first argument of every service function. There is no ambient tenant: whoever has no context can
 * reach no row.
 */
export interface Ctx {
  readonly system: System;
  /** null only outside of any tenant: set-up, health, the public pages. */
  readonly tenant: { readonly id: string; readonly slug: string } | null;
  readonly actor: Actor;
  /** What every unit of work of this request asks for in its first statement. */
  readonly demand: Demand;
  readonly requestId: string;
  readonly origin: Origin | null;
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  /** The open unit of work; null outside of one. */
  readonly tx: Transaction | null;
  /** Filled by each unit of work of a member; the router refuses to answer while it is still null. */
  readonly standing: { current: Standing | null };
}

export function tenantOf(ctx: Ctx): { readonly id: string; readonly slug: string } {
  if (!ctx.tenant) throw new Error("this needs a tenant");
  return ctx.tenant;
}

/** The acting member as the database sees them now. Only inside or after a unit of work. */
export function standingOf(ctx: Ctx): Standing {
  if (!ctx.standing.current) throw new Error("this needs a member who has entered");
  return ctx.standing.current;
}

/** The member who acts, by session or by API key. Jobs have none: they name the member whose rights they use. */
export function memberOf(ctx: Ctx): string {
  if (ctx.actor.kind !== "member" && ctx.actor.kind !== "key") throw appError("not_signed_in");
  return ctx.actor.memberId;
}

export function keysOf(ctx: Ctx): Promise<TenantKeys> {
  return ctx.system.keyring.tenant(tenantOf(ctx).id);
}

import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "./clock.ts";
import type { TenantKeys } from "./crypto/tenant-keys.ts";
import type { Transaction } from "./database/unit.ts";
import type { System } from "./system.ts";

export type Role = "viewer" | "manager" | "admin" | "owner";
export type TenantKind = "operator" | "customer" | "canary";

/** Who acts. A member is known by the session; role and rights are read from the database at each unit of work. */
export type Actor =
  | { readonly kind: "member"; readonly memberId: string; readonly sessionId: string }
  | { readonly kind: "visitor" | "job" | "operator" };

/** What the database said of the acting member when the last unit of work began. */
export interface Standing {
  readonly memberId: string;
  readonly role: Role;
  readonly tenantKind: TenantKind;
  readonly lastActiveAt: Date;
}

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
  /** The permission that every unit of work of this request asks for; null for public routes and jobs. */
  readonly permission: string | null;
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

export function keysOf(ctx: Ctx): Promise<TenantKeys> {
  return ctx.system.keyring.tenant(tenantOf(ctx).id);
}

import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { whoCanSee } from "./access-list.ts";
import type { Shareable } from "./objects.ts";
import { changeShare, endShare, share } from "./shares.ts";

const params = z.object({ id: Id });
const AccessGiven = z.enum(["read", "write"]).meta({ examples: ["read"] });

const Grantee = z
  .object({ kind: z.enum(["member", "group", "tenant"]), id: Id.nullable() })
  .refine(({ kind, id }) => (kind === "tenant") === (id === null), "Name a person or a group, or the tenant.")
  .meta({ examples: [{ kind: "tenant", id: null }] });

const Share = z.object({
  id: Id,
  with: z.object({ kind: z.enum(["member", "group", "tenant"]), id: Id.nullable(), name: z.string() }),
  access: z.enum(["read", "write"]),
  since: z.string(),
  inheritedFrom: z.object({ id: Id.nullable(), name: z.string() }).nullable(),
});

const Person = z.object({ id: Id, name: z.string() });
const AccessList = z.object({
  owner: Person,
  shares: z.array(Share),
  openings: z.array(z.object({ by: Person, until: z.string(), reason: z.string() })),
});

/** Who can see an object, and sharing it: the same for each kind, with a permission of its own. */
export function sharingRoutesOf(routes: Routes, kind: Shareable["kind"]): void {
  route(routes, {
    method: "GET",
    path: `/${kind}s/:id/access`,
    words: `Who can see a ${kind}, and why`,
    resource: kind,
    access: allow(`${kind}.see-access`),
    audit: unauditedBecause("a read of what the reader may see"),
    rate: "read",
    input: { params },
    output: { 200: AccessList },
    handler: (ctx, { params: { id } }) => whoCanSee(ctx, { kind, id }),
  });
  route(routes, {
    method: "POST",
    path: `/${kind}s/:id/shares`,
    words: `Share a ${kind} of one's own with a person, a group or everybody here`,
    resource: kind,
    creates: "share",
    access: allow(`${kind}.share`),
    audit: `${kind}.shared`,
    rate: "write",
    state: `GET /${kind}s/:id/access`,
    input: { params, body: z.object({ with: Grantee, access: AccessGiven }) },
    output: { 201: Share },
    handler: (ctx, { params: { id }, body }) => share(ctx, { kind, id }, body),
  });
}

/** Shares by their own id. */
export function shareRoutes(routes: Routes): void {
  route(routes, {
    method: "PATCH",
    path: "/shares/:id",
    words: "Let a share of one's own give more or less",
    resource: "share",
    access: allow("share.change"),
    audit: "share.changed",
    rate: "write",
    state: "none: a share is seen at its object",
    input: { params, body: z.object({ access: AccessGiven }) },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id }, body }) => {
      await changeShare(ctx, id, body.access);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/shares/:id",
    words: "Take back what one shared: it holds at once",
    resource: "share",
    access: allow("share.end"),
    audit: "share.ended",
    rate: "write",
    state: "none: a share is seen at its object",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await endShare(ctx, id);
      return null;
    },
  });
}

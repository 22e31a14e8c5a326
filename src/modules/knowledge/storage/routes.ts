import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { storageOf } from "./quotas.ts";
import { setMemberQuota, setWorkspaceQuota } from "./service.ts";

const bounded = z.object({ used: z.int(), most: z.int() });
const perhapsBounded = z.object({ used: z.int(), most: z.int().nullable() });
const Documents = z.int().min(0).max(10_000_000).nullable();
const Bytes = z
  .int()
  .min(0)
  .max(1024 ** 5)
  .nullable();

/** What a workspace and its members take, and how much they may. */
export function storageRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/storage",
    words: "How much the workspace and oneself take, and how much they may",
    access: allow("storage.read"),
    audit: unauditedBecause("sums only: of no single document"),
    rate: "read",
    output: {
      200: z.object({
        workspace: z.object({ documents: bounded, bytes: bounded }),
        mine: z.object({ documents: perhapsBounded, bytes: perhapsBounded }),
        waiting: bounded,
      }),
    },
    handler: (ctx) => storageOf(ctx),
  });

  const MemberQuota = z.object({ memberDocuments: Documents, memberBytes: Bytes });
  route(routes, {
    method: "PUT",
    path: "/policy/quotas",
    words: "Bound what each member may own; null is no bound",
    access: allow("policy.quotas"),
    audit: "policy.quotas-changed",
    rate: "write",
    state: "GET /storage",
    input: { body: MemberQuota.meta({ examples: [{ memberDocuments: 5000, memberBytes: null }] }) },
    output: { 200: MemberQuota },
    handler: (ctx, { body }) => setMemberQuota(ctx, body),
  });

  route(routes, {
    method: "PUT",
    path: "/tenants/:id/quota",
    words: "As the operator: let a workspace take more or less than usual; null is as usual",
    resource: "joined-tenant",
    access: allow("operator.tenants.quota"),
    audit: "tenant.quota-changed",
    rate: "write",
    fresh: true,
    state: "none: the operator does not see into workspaces",
    input: {
      params: z.object({ id: Id }),
      body: z
        .object({ documents: Documents, bytes: Bytes })
        .meta({ examples: [{ documents: 20_000, bytes: null }] }),
    },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id }, body }) => {
      await setWorkspaceQuota(ctx, id, body);
      return null;
    },
  });
}

import { z } from "zod";
import { Slug } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { Address } from "../../identity/addresses.ts";
import { OPERATOR_SLUG } from "../set-up/service.ts";
import { WorkspaceName } from "../shapes.ts";
import { createTenant, listTenants, renameTenant, tenantName } from "./service.ts";

const Workspace = z.object({ slug: z.string(), name: z.string() });

export function tenantRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/tenant",
    words: "The workspace's name",
    access: allow("tenant.read"),
    audit: unauditedBecause("members know where they are"),
    rate: "read",
    output: { 200: Workspace },
    handler: (ctx) => tenantName(ctx),
  });
  route(routes, {
    method: "PATCH",
    path: "/tenant",
    words: "Rename the workspace",
    access: allow("tenant.change"),
    audit: "tenant.renamed",
    rate: "write",
    input: { body: z.object({ name: WorkspaceName }) },
    output: { 200: Workspace },
    handler: (ctx, { body }) => renameTenant(ctx, body.name),
  });
  route(routes, {
    method: "GET",
    path: "/tenants",
    words: "The workspaces of this installation, as the operator recorded them",
    access: allow("operator.tenants.read"),
    audit: unauditedBecause("the operator's own record"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            slug: z.string(),
            name: z.string(),
            ownerAddress: z.string(),
            createdAt: z.string(),
            state: z.enum(["active"]),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listTenants(ctx), next: null }),
  });
  route(routes, {
    method: "POST",
    path: "/tenants",
    words: "Create a workspace and invite its first owner",
    creates: "tenant",
    access: allow("operator.tenants.create"),
    audit: "tenant.created",
    rate: "write",
    fresh: true,
    input: {
      body: z.object({
        slug: Slug.refine((slug) => slug !== OPERATOR_SLUG, "This short name is reserved."),
        name: WorkspaceName,
        ownerAddress: Address,
      }),
    },
    output: { 201: z.object({ id: z.string(), slug: z.string() }) },
    handler: (ctx, { body }) => createTenant(ctx, body),
  });
}

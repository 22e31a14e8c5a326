import { z } from "zod";
import { Id, Slug } from "../../kernel/ids.ts";
import { allow, publicBecause, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import { Address } from "../identity/addresses.ts";
import { Password } from "../identity/passwords/policy.ts";
import { PersonName, RoleName } from "../identity/routes.ts";
import { outboxLink } from "../operations/outbox.ts";
import {
  changeRole,
  listMembers,
  reinstateMember,
  removeMember,
  suspendMember,
  unlockMember,
} from "./members/service.ts";
import { isSetUp, OPERATOR_SLUG, setUp } from "./set-up/service.ts";
import { createTenant, listTenants, renameTenant, tenantName } from "./tenants/service.ts";

const WorkspaceName = PersonName.meta({ examples: ["Harrow & Finch"] });
const Workspace = z.object({ slug: z.string(), name: z.string() });
const ids = z.object({ id: Id });
const nothing = z.null();

export function tenancyRoutes(routes: Routes): void {
  setUpRoutes(routes);
  memberRoutes(routes);
  tenantRoutes(routes);
}

function setUpRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/installation",
    of: "installation",
    words: "What a visitor's page must know of this installation",
    access: publicBecause("the first page needs it before anybody can sign in"),
    audit: unauditedBecause("tells nothing of any tenant"),
    rate: "public",
    output: {
      200: z.object({
        setUp: z.boolean(),
        mail: z.enum(["outbox", "smtp"]),
        version: z.string(),
        masterKey: z.enum(["file", "environment"]),
        name: z.string(),
      }),
    },
    handler: async ({ system }) => ({
      setUp: await isSetUp(system),
      mail: system.config.smtpUrl ? ("smtp" as const) : ("outbox" as const),
      version: system.version,
      masterKey: system.masterKeySource,
      name: system.config.name,
    }),
  });
  route(routes, {
    method: "POST",
    path: "/set-up",
    of: "installation",
    words: "Make the operator's workspace and its first owner, with the token that the terminal printed",
    access: publicBecause("nobody has an account yet; the one-time token is the credential"),
    audit: "installation.set-up",
    rate: "sign-in",
    unprobed: { "mass-assignment": "can succeed only once in the life of an installation" },
    input: {
      body: z.object({
        token: z
          .string()
          .regex(/^[A-Za-z0-9_-]{32}$/, "This is not a complete token.")
          .meta({ examples: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] }),
        name: PersonName,
        address: Address,
        password: Password,
        company: WorkspaceName,
      }),
    },
    output: { 201: z.object({ slug: z.string(), outbox: z.string().nullable() }) },
    handler: async (ctx, { body }) => {
      const { slug } = await setUp(ctx, body);
      return { slug, outbox: outboxLink(ctx.system) };
    },
  });
}

function memberRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/members",
    words: "Who is a member",
    access: allow("member.read"),
    audit: unauditedBecause("colleagues may know of each other"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            address: z.string(),
            role: RoleName,
            status: z.enum(["active", "suspended"]),
            lastSignInAt: z.string().nullable(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listMembers(ctx), next: null }),
  });
  route(routes, {
    method: "PATCH",
    path: "/members/:id",
    words: "Give a member another role",
    resource: "member",
    access: allow("member.change-role"),
    audit: "member.role-changed",
    rate: "write",
    input: { params: ids, body: z.object({ role: RoleName }) },
    output: { 204: nothing },
    handler: async (ctx, { params, body }) => {
      await changeRole(ctx, params.id, body.role);
      return null;
    },
  });
  route(routes, {
    method: "PUT",
    path: "/members/:id/suspension",
    words: "Suspend a member",
    resource: "member",
    access: allow("member.suspend"),
    audit: "member.suspended",
    rate: "write",
    input: { params: ids, body: z.object({}) },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await suspendMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/members/:id/suspension",
    words: "Let a suspended member back in",
    resource: "member",
    access: allow("member.suspend"),
    audit: "member.reinstated",
    rate: "write",
    mayAnswer: [409],
    input: { params: ids },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await reinstateMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "DELETE",
    path: "/members/:id",
    words: "Remove a member",
    resource: "member",
    access: allow("member.remove"),
    audit: "member.removed",
    rate: "write",
    input: { params: ids },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await removeMember(ctx, params.id);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/members/:id/unlock",
    words: "End the pause after a member's failed sign-ins",
    resource: "member",
    access: allow("member.unlock"),
    audit: "member.unlocked",
    rate: "write",
    input: { params: ids, body: z.object({}) },
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await unlockMember(ctx, params.id);
      return null;
    },
  });
}

function tenantRoutes(routes: Routes): void {
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

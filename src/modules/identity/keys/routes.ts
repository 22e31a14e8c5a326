import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { cidrOf } from "../../../kernel/limits/network.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { ids, nothing, PersonName } from "../shapes.ts";
import { createKey, endKey, type FolderNames, listKeys, mayHold } from "./service.ts";

const KeyView = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  permissions: z.array(z.string()),
  folder: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  networks: z.array(z.string()),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
  state: z.enum(["active", "expired", "revoked"]),
});

const Network = z
  .string()
  .max(60)
  .meta({ examples: ["192.0.2.0/24"] })
  .transform((text, check) => {
    const network = cidrOf(text);
    if (network !== null) return network;
    check.addIssue("Write a network such as 192.0.2.0/24 or 2001:db8::/32.");
    return z.NEVER;
  });

/** `folderNames` is the knowledge module's: folders are known there. */
export function keyRoutes(routes: Routes, folderNames: FolderNames): void {
  route(routes, {
    method: "GET",
    path: "/keys",
    words: "One's own API keys",
    access: allow("key.use"),
    audit: unauditedBecause("reads only one's own keys, and no secret of theirs"),
    rate: "read",
    output: {
      200: z.object({ items: z.array(KeyView), mayHold: z.array(z.string()), next: z.null() }),
    },
    handler: async (ctx) => {
      const items = await listKeys(ctx, folderNames, "own");
      return { items: items.map(({ owner: _, ...key }) => key), mayHold: mayHold(ctx), next: null };
    },
  });
  route(routes, {
    method: "POST",
    path: "/keys",
    words: "Make an API key; this answer is the only time that it is shown",
    creates: "key",
    access: allow("key.create"),
    audit: "key.created",
    rate: "write",
    fresh: true,
    input: {
      body: z.object({
        name: PersonName.meta({ examples: ["Nightly export"] }),
        permissions: z
          .array(z.string().max(60))
          .min(1, "Choose what it may do.")
          .max(200)
          .meta({ examples: [["member.read"]] }),
        folder: Id.nullable().default(null),
        networks: z.array(Network).max(20, "At most 20 networks.").default([]),
        days: z.int().min(1, "At least one day.").max(90, "At most 90 days."),
      }),
    },
    output: { 201: z.object({ id: z.string(), key: z.string(), expiresAt: z.string() }) },
    handler: (ctx, { body }) => createKey(ctx, folderNames, body),
  });
  route(routes, {
    method: "DELETE",
    path: "/keys/:id",
    words: "End one of one's own API keys",
    whileClosing: "nobody must be kept from shutting somebody out",
    resource: "key",
    access: allow("key.end"),
    audit: "key.ended",
    rate: "write",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await endKey(ctx, params.id, "own");
      return null;
    },
  });
  route(routes, {
    method: "GET",
    path: "/workspace-keys",
    words: "The API keys of everybody in the workspace",
    access: allow("key.see-all"),
    audit: unauditedBecause("shows which programs may act, and no secret of theirs"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(KeyView.extend({ owner: z.object({ id: z.string(), name: z.string() }) })),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listKeys(ctx, folderNames, "all"), next: null }),
  });
  route(routes, {
    method: "DELETE",
    path: "/workspace-keys/:id",
    words: "End anybody's API key",
    whileClosing: "nobody must be kept from shutting somebody out",
    resource: "workspace-key",
    access: allow("key.end-all"),
    audit: "key.ended",
    rate: "write",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await endKey(ctx, params.id, "all");
      return null;
    },
  });
}

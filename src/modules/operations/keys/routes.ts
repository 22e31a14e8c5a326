import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { showKeys, startRenewal, startRotation } from "./service.ts";

const Keys = z.object({
  source: z.enum(["file", "environment", "service"]),
  current: z.int(),
  masters: z
    .array(
      z.object({
        version: z.int(),
        inService: z.boolean(),
        workspaces: z.int(),
        since: z.string().nullable(),
        isCurrent: z.boolean(),
      }),
    )
    .readonly(),
  unreadable: z.int(),
  canGo: z.array(z.int()).readonly(),
  resealing: z.int(),
  workspaces: z.int(),
  words: z.array(z.string()).readonly(),
  rotation: z
    .object({ running: z.boolean(), done: z.int(), of: z.int(), problem: z.string().nullable() })
    .nullable(),
  disks: z
    .array(
      z.object({
        what: z.string(),
        state: z.enum(["encrypted", "not-encrypted", "unknown"]),
        words: z.string(),
      }),
    )
    .readonly(),
});

export function keyStoreRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/master-keys",
    words: "Where the master key comes from, what it wraps, and whether an older one is still needed",
    access: allow("operator.keys.read"),
    audit: unauditedBecause("shows versions and counts, and no key"),
    rate: "read",
    output: { 200: Keys },
    handler: (ctx) => showKeys(ctx),
  });
  route(routes, {
    method: "POST",
    path: "/master-keys/rotation",
    words: "Wrap every key with a new master key, or with the newest one there is",
    access: allow("operator.keys.rotate"),
    audit: "master-key.rotated",
    state: "none: goes on in the background, so that what shows it changes by itself",
    rate: "write",
    fresh: true,
    input: { body: z.object({ makeNew: z.boolean() }) },
    output: { 200: Keys },
    handler: (ctx, { body }) => startRotation(ctx, body),
  });
  route(routes, {
    method: "POST",
    path: "/data-keys/rotation",
    words: "Make every workspace a new data key, and seal its data with it in the background",
    access: allow("operator.keys.rotate"),
    audit: "data-keys.renewed",
    state: "none: goes on in the background, so that what shows it changes by itself",
    rate: "write",
    fresh: true,
    input: { body: z.object({}) },
    output: { 200: Keys },
    handler: (ctx) => startRenewal(ctx),
  });
}

import { z } from "zod";

/** One entry of the audit log as it is read. */
export const AuditItem = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.object({
    kind: z.string(),
    id: z.string().nullable(),
    name: z.string().nullable(),
    role: z.string().nullable(),
    /** The API key by which it was done; null for a person. */
    key: z.object({ id: z.string(), name: z.string() }).nullable(),
  }),
  event: z.string(),
  resource: z.object({ type: z.string(), id: z.string().nullable() }),
  outcome: z.enum(["done", "refused"]),
  method: z.string().nullable(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** Old and new value by field. */
  changes: z.record(z.string(), z.array(z.unknown())),
  /** Written in another installation, before the workspace came from there: time and actor are that one's word. */
  brought: z.boolean(),
});

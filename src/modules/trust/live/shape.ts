import { z } from "zod";

const Breached = z.object({ claim: z.string(), class: z.string(), attempts: z.number() });

/** What everybody may know of the attacks on the running server: no details of what got through. */
export const LiveResult = z.object({
  /** 0: the operator has switched them off. */
  everyMinutes: z.number(),
  /** null before the first. */
  last: z
    .object({
      at: z.string(),
      version: z.string(),
      result: z.enum(["held", "broken", "stale", "not-run"]),
      attempts: z.number(),
      held: z.number(),
      inconclusive: z.number(),
      breached: z.array(Breached),
      routes: z.number(),
      classes: z.array(z.string()),
      /** Pairs of route and class with at least one attempt; the others, by class and reason. */
      covered: z.number(),
      uncovered: z.array(
        z.object({ class: z.string(), reason: z.string().nullable(), routes: z.array(z.string()) }),
      ),
      requests: z.number(),
      ms: z.number(),
      /** Processor time of the server and the attacker together, and what share of one core that is. */
      cost: z.object({ cpuMs: z.number(), share: z.number() }).nullable(),
      seed: z.string(),
      /** SHA-256 of `summary` stands in `note`. */
      signed: z.object({ note: z.string(), summary: z.string() }),
    })
    .nullable(),
  forged: z.boolean(),
  days: z.array(
    z.object({
      date: z.string(),
      runs: z.number(),
      attempts: z.number(),
      breached: z.number(),
      inconclusive: z.number(),
    }),
  ),
  /** When somebody but the installation last touched a canary. */
  touched: z.object({ at: z.string(), words: z.string(), ninetyDays: z.number() }).nullable(),
});

/** What the operator sees of it, with what got through or stayed open. */
export const AttackReport = z.object({
  everyMinutes: z.number(),
  canaries: z.array(z.object({ slug: z.string(), createdAt: z.string(), ready: z.boolean() })),
  runs: z.array(
    z.object({
      id: z.string(),
      at: z.string(),
      version: z.string(),
      kind: z.enum(["live", "rehearsal"]),
      attempts: z.number(),
      breached: z.number(),
      inconclusive: z.number(),
      cpuMs: z.number().nullable(),
      ms: z.number(),
      signed: z.boolean(),
    }),
  ),
  alarms: z.array(
    z.object({
      id: z.string(),
      at: z.string(),
      kind: z.string(),
      words: z.string(),
      tenantId: z.string().nullable(),
      route: z.string(),
    }),
  ),
});

export const AttackDetails = z.object({
  /** null: kept no longer. */
  probes: z
    .array(
      z.object({
        verdict: z.string(),
        claim: z.string(),
        route: z.string(),
        class: z.string(),
        who: z.string(),
        status: z.number(),
        detail: z.string(),
      }),
    )
    .nullable(),
  forged: z.boolean(),
});

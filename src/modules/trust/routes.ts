import { z } from "zod";
import { record } from "../../kernel/audit.ts";
import { unit } from "../../kernel/database/unit.ts";
import { newId } from "../../kernel/ids.ts";
import { allow, publicBecause, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import { attackRoutes } from "./live/routes.ts";
import { LiveResult } from "./live/shape.ts";
import { publicPageRoutes } from "./public-page/routes.ts";
import { runChecks } from "./runs/service.ts";
import { securitySnapshot } from "./snapshot.ts";

const Result = z.enum(["held", "broken", "stale", "not-run"]);

/** Whether the last backup could be restored, and whether this installation was ever set back to one. */
const PublicBackups = z.object({
  test: z
    .object({
      at: z.string(),
      passed: z.boolean(),
      takenAt: z.string(),
      tables: z.number(),
      rows: z.number(),
      files: z.number(),
      sumsEqual: z.boolean(),
      attempts: z.number().nullable(),
    })
    .nullable(),
  restored: z.object({ at: z.string(), takenAt: z.string() }).nullable(),
});

const Snapshot = z.object({
  name: z.string(),
  version: z.string(),
  checkedAt: z.string().nullable(),
  instance: z.literal("fresh copy"),
  totals: z.object({
    held: z.number(),
    broken: z.number(),
    attested: z.number(),
    notDone: z.number(),
    stale: z.number(),
  }),
  attempts: z.number(),
  routes: z.number(),
  questions: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      claims: z.array(
        z.object({
          id: z.string(),
          words: z.string(),
          kind: z.enum(["tested", "attested", "not-done"]),
          result: Result,
          subjects: z.number(),
          evidence: z.array(
            z.object({
              verdict: z.enum(["held", "broken", "inconclusive"]),
              what: z.string(),
              who: z.string(),
              got: z.string(),
            }),
          ),
          summary: z.string(),
          removed: z.string().nullable(),
          couldBeWrong: z.string().nullable(),
          at: z.string().nullable(),
          ms: z.number(),
        }),
      ),
    }),
  ),
  masterKey: z.string(),
  /** What the operator says of itself; null before it has. */
  operator: z
    .object({
      company: z.string(),
      contacts: z.array(z.string()),
      policy: z.string(),
      hosting: z.string(),
      at: z.string(),
    })
    .nullable(),
  /** The run that this is written from, as it was signed: SHA-256 of `results` stands in `note`. null before the first. */
  signed: z.object({ note: z.string(), key: z.string(), results: z.string() }).nullable(),
  /** A result is stored that this installation did not sign. */
  forged: z.boolean(),
  days: z.array(z.object({ date: z.string(), attempts: z.number(), broken: z.number() })),
  live: LiveResult,
  backups: PublicBackups,
});

export function trustRoutes(routes: Routes): void {
  publicPageRoutes(routes);
  attackRoutes(routes);
  route(routes, {
    method: "GET",
    path: "/security",
    of: "installation",
    words: "Every claim of the catalogue with its last result",
    access: publicBecause("the security page is for everybody"),
    audit: unauditedBecause("shows nothing of any tenant"),
    rate: "public",
    output: { 200: Snapshot },
    handler: ({ system }) => securitySnapshot(system),
  });
  route(routes, {
    method: "POST",
    path: "/controls/run",
    words: "Start the checks behind the security page on a fresh copy; they take about a minute",
    access: allow("operator.controls.run"),
    audit: "controls.started",
    rate: "sign-in",
    state: "none: starts checks elsewhere and changes nothing here",
    input: { body: z.object({}) },
    output: { 202: z.object({ started: z.boolean() }) },
    handler: async (ctx) => {
      await unit(ctx, async (inner) => {
        record(inner, { event: "controls.started", resource: { type: "control-run", id: newId() } });
        inner.tx.afterCommit.push(() => {
          runChecks(ctx.system).catch((error: unknown) =>
            ctx.log.error({ err: error }, "the checks could not be run"),
          );
        });
      });
      return { started: true };
    },
  });
}

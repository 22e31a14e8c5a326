import { z } from "zod";
import { record } from "../../../kernel/audit.ts";
import { enter, unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { RestoreResult, testRestore } from "./restore-test.ts";
import { backUp } from "./service.ts";
import { backupReport } from "./view.ts";

const Report = z.object({
  recipients: z.array(z.string()),
  places: z.array(z.object({ kind: z.enum(["folder", "bucket"]), words: z.string() })),
  besideTheData: z.boolean(),
  keep: z.string(),
  nextAt: z.string().nullable(),
  late: z.boolean(),
  runs: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["data", "keys"]),
      asked: z.enum(["schedule", "operator", "command"]),
      name: z.string(),
      state: z.enum(["running", "good", "failed"]),
      problem: z.string().nullable(),
      startedAt: z.string(),
      takenAt: z.string().nullable(),
      endedAt: z.string().nullable(),
      keptAt: z.array(z.string()).nullable(),
      bytes: z.number().nullable(),
      rows: z.number().nullable(),
      files: z.number().nullable(),
      recipients: z.array(z.string()),
    }),
  ),
  test: z.object({ at: z.string(), passed: z.boolean(), result: RestoreResult }).nullable(),
  forged: z.boolean(),
  restored: z.object({ at: z.string(), takenAt: z.string(), whole: z.boolean() }).nullable(),
});

/** What the operator sees and does of backups. Archives themselves are never served. */
export function backupRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/backups",
    words: "Backups, where they lie, and what restoring the last one has shown",
    access: allow("operator.backups.read"),
    audit: unauditedBecause("shows nothing of any customer"),
    rate: "read",
    output: { 200: Report },
    handler: async (ctx) => {
      await enter(ctx);
      return backupReport(ctx.system);
    },
  });
  route(routes, {
    method: "POST",
    path: "/backups",
    words: "Make a backup now, and restore it on a scratch database",
    access: allow("operator.backups.make"),
    fresh: true,
    audit: "backup.asked",
    rate: "sign-in",
    state: "none: begins something that changes nothing here but the list of backups",
    input: { body: z.object({}) },
    output: { 202: z.object({ started: z.boolean() }) },
    handler: async (ctx) => {
      const { system } = ctx;
      // Without a recipient there is nobody for whom to encrypt, and nothing leaves unencrypted.
      const started = system.config.backup.recipients.length > 0;
      await unit(ctx, async (inner) => {
        record(inner, { event: "backup.asked", resource: { type: "backup", id: newId() } });
        if (!started) return;
        inner.tx.afterCommit.push(() => {
          backUp(system, "operator")
            .then((made) => made && testRestore(system, made))
            .catch((error: unknown) => ctx.log.error({ err: error }, "the backup that was asked for failed"));
        });
      });
      return { started };
    },
  });
}

import type { System } from "../../kernel/system.ts";
import { classesOf } from "./attack/classes.ts";
import { catalogue, questions } from "./catalogue.ts";
import type { ControlResult } from "./controls/run.ts";
import { FRESH_FOR } from "./runs/schedule.ts";
import { latestRun, runDays } from "./runs/service.ts";

const MASTER_KEY_WORDS = {
  file: "in a file of the server, apart from the data, readable by its owner only",
  environment: "given by the environment, in no file of ours",
} as const;

/** What the public security page shows. Written by the last run, and by nothing else. */
export async function securitySnapshot(system: System) {
  const [run, days] = [await latestRun(system), await runDays(system)];
  const fresh =
    run !== null && run.version === system.version && system.clock().getTime() - run.at.getTime() < FRESH_FOR;
  const claims = catalogue.map((claim) => ({
    ...shown(
      run?.results.find((r) => r.id === claim.id),
      fresh,
    ),
    claim,
  }));
  const count = (test: (c: (typeof claims)[number]) => boolean) => claims.filter(test).length;
  return {
    name: system.config.name,
    version: system.version,
    checkedAt: run?.at.toISOString() ?? null,
    instance: "fresh copy" as const,
    totals: {
      held: count((c) => c.result === "held" && c.kind === "tested"),
      broken: count((c) => c.result === "broken"),
      attested: count((c) => c.kind === "attested"),
      notDone: count((c) => c.kind === "not-done"),
      stale: count((c) => c.result === "stale"),
    },
    attempts: (run?.results ?? []).reduce((sum, r) => sum + (r.id in classesOf ? r.subjects : 0), 0),
    routes: Math.max(0, ...(run?.results ?? []).map((r) => r.routes ?? 0)),
    questions: questions.map(({ id, title }) => ({
      id,
      title,
      claims: claims
        .filter(({ claim }) => claim.question === id)
        .map(({ claim, kind, result, subjects, evidence, summary, removed, at, ms }) => ({
          id: claim.id,
          words: claim.words,
          kind,
          result,
          subjects,
          evidence,
          summary,
          removed,
          couldBeWrong: claim.couldBeWrong,
          at,
          ms,
        })),
    })),
    masterKey: MASTER_KEY_WORDS[system.masterKeySource],
    days,
  };
}

function shown(result: ControlResult | undefined, fresh: boolean) {
  if (!result || result.kind === "not-done") {
    return {
      kind: "not-done" as const,
      result: "not-run" as const,
      subjects: 0,
      evidence: [],
      summary: result?.summary ?? "Not built yet",
      removed: null,
      at: null,
      ms: 0,
    };
  }
  // Broken stays red however old it is; what held long ago is grey.
  const seen = result.result === "held" && !fresh ? ("stale" as const) : result.result;
  // The way in is told after the fix.
  const evidence = result.result === "broken" ? [] : [...result.evidence];
  return { ...result, result: seen, evidence };
}

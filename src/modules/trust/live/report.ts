import type { System } from "../../../kernel/system.ts";
import { type Touch, wordsOf } from "../canaries/decoys.ts";
import { readCanaries } from "../canaries/store.ts";
import { readLines } from "../runs/notes.ts";
import { breachedIn, type Kind, readLedger, type Summary } from "./store.ts";

const MOST_RUNS = 100;
const MOST_ALARMS = 100;

/** The newest attacks and alarms, and the canaries, for the operator. */
export async function attackReport(system: System) {
  const { rows: runs } = await system.pool.query<{
    run_id: string;
    at: Date;
    version: string;
    kind: Kind;
    summary: Summary;
    note: string;
  }>("select run_id, at, version, kind, summary, note from platform.attack_run order by at desc limit $1", [
    MOST_RUNS,
  ]);
  const { rows: alarms } = await system.pool.query<{
    alarm_id: string;
    at: Date;
    kind: Touch;
    tenant_id: string | null;
    route: string;
  }>("select alarm_id, at, kind, tenant_id, route from platform.alarm order by at desc limit $1", [
    MOST_ALARMS,
  ]);
  return {
    everyMinutes: system.config.attackEveryMinutes,
    canaries: (await readCanaries(system)).map(({ slug, createdAt, version }) => ({
      slug,
      createdAt: createdAt.toISOString(),
      ready: version !== null,
    })),
    runs: await Promise.all(
      runs.map(async ({ run_id: id, at, version, kind, summary, note }) => ({
        id,
        at: at.toISOString(),
        version,
        kind,
        attempts: summary.attempts,
        breached: breachedIn(summary),
        inconclusive: summary.inconclusive,
        cpuMs: summary.cost?.cpuMs ?? null,
        ms: summary.ms,
        signed: (await readLines(system, note))?.[2] === at.toISOString(),
      })),
    ),
    alarms: alarms.map(({ alarm_id: id, at, kind, tenant_id: tenantId, route }) => ({
      id,
      at: at.toISOString(),
      kind,
      words: wordsOf[kind],
      tenantId,
      route,
    })),
  };
}

/** What got through or stayed open in one attack. */
export async function attackDetails(system: System, id: string) {
  const probes = await readLedger(system, id);
  if (probes === "forged") return { probes: null, forged: true };
  const open = probes?.filter(({ verdict }) => verdict !== "held").slice(0, 1000);
  return {
    probes:
      open?.map(({ verdict, claim, route, class: name, who, status, detail }) => ({
        verdict,
        claim,
        route,
        class: name,
        who,
        status,
        detail,
      })) ?? null,
    forged: false,
  };
}

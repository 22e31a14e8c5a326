import { seconds } from "../../kernel/clock.ts";
import type { System } from "../../kernel/system.ts";
import { signerOf } from "../operations/audit/log/keeper.ts";
import { verifierKey } from "../operations/audit/log/note.ts";
import { publicBackups } from "../operations/backup/view.ts";
import { classesOf } from "./attack/classes.ts";
import { type Claim, catalogue, questions } from "./catalogue.ts";
import type { ControlResult } from "./controls/run.ts";
import { liveResult } from "./live/public.ts";
import { type Ask, asPublic } from "./public-page/reader.ts";
import { publicPage } from "./public-page/settings.ts";
import { FRESH_FOR } from "./runs/schedule.ts";
import { latestRun, runDays } from "./runs/service.ts";

const MASTER_KEY_WORDS = {
  file: "in a file of the server, apart from the data, readable by its owner only",
  environment: "given by the environment, in no file of ours",
  service: "in a key service, which it never leaves",
} as const;

/**
 * What the public security page shows. Written by the last run, and by nothing else. Everybody may ask for it: it is put
 * together again when there is another run, when the operator said something else, and after ten seconds.
 */
export async function securitySnapshot(system: System): Promise<Snapshot> {
  const kept = await publicPage(system);
  const key = `${await asPublic(system, newest)} ${kept?.at.getTime() ?? ""}`;
  const now = system.clock().getTime();
  const known = snapshots.get(system);
  if (known && known.key === key && Math.abs(now - known.at) < SHOWN_FOR) return known.snapshot;
  const snapshot = writeSnapshot(system);
  snapshots.set(system, { key, at: now, snapshot });
  snapshot.catch(() => snapshots.delete(system));
  return snapshot;
}

/** Which results are the newest: what is shown of them need not be put together again before there are others. */
async function newest(ask: Ask): Promise<string> {
  const [row] = await ask<{ run: string | null; attack: string | null; alarm: string | null }>(
    `select (select run_id from platform.control_run order by at desc limit 1) as run,
            (select run_id from platform.attack_run where kind = 'live' order by at desc limit 1) as attack,
            (select alarm_id from platform.alarm order by at desc limit 1) as alarm`,
  );
  return `${row?.run} ${row?.attack} ${row?.alarm}`;
}

type Snapshot = Awaited<ReturnType<typeof writeSnapshot>>;
const SHOWN_FOR = seconds(10);
const snapshots = new WeakMap<System, { key: string; at: number; snapshot: Promise<Snapshot> }>();

async function writeSnapshot(system: System) {
  const kept = await publicPage(system);
  const { stored, days, live, backups } = await asPublic(system, async (ask) => ({
    stored: await latestRun(system, ask),
    days: await runDays(system, ask),
    live: await liveResult(system, ask),
    backups: await publicBackups(system, ask),
  }));
  const run = stored === "forged" ? null : stored;
  const signer = await signerOf(system);
  const fresh =
    run !== null && run.version === system.version && system.clock().getTime() - run.at.getTime() < FRESH_FOR;
  const claims = catalogue.map((claim) => ({
    ...shown(
      run?.results.find((r) => r.id === claim.id),
      fresh,
      kept && statementOf(claim, kept),
      live.last?.breached.some((one) => one.claim === claim.id) ? live.last.at : null,
    ),
    claim,
  }));
  const count = (test: (c: (typeof claims)[number]) => boolean) => claims.filter(test).length;
  return {
    name: system.config.name,
    version: system.version,
    backups,
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
    operator: kept && operatorOf(kept),
    signed: run && { note: run.note, key: verifierKey(signer), results: run.text },
    forged: stored === "forged",
    days,
    live,
  };
}

type Kept = NonNullable<Awaited<ReturnType<typeof publicPage>>>;

function operatorOf({ page: { company, contacts, policy, hosting }, at }: Kept) {
  return { company, contacts, policy, hosting, at: at.toISOString() };
}

/** What the operator says of a claim that no check can answer. */
function statementOf(claim: Claim, { page, at }: Kept) {
  const words = claim.kind === "attested" && page.statements.find((said) => said.claim === claim.id)?.words;
  return words ? { words, at: at.toISOString() } : null;
}

function shown(
  result: ControlResult | undefined,
  fresh: boolean,
  statement: { words: string; at: string } | null,
  brokenLive: string | null,
) {
  // What the copy held does not count while the running server did not.
  if (brokenLive)
    return {
      kind: "tested" as const,
      result: "broken" as const,
      subjects: result?.subjects ?? 0,
      evidence: [],
      summary: "An attempt of the attack on the running server got through. How, is told after the fix.",
      removed: result?.removed ?? null,
      at: brokenLive,
      ms: result?.ms ?? 0,
    };
  // What a check sees of such a claim is a part of it: without the operator's word for the rest nothing is said.
  if (result?.kind === "attested" && result.result !== "broken") {
    const { subjects, evidence, removed, ms } = result;
    if (statement)
      return {
        kind: "attested" as const,
        result: "not-run" as const,
        subjects,
        evidence: [...evidence],
        summary: statement.words,
        removed,
        at: statement.at,
        ms,
      };
    return {
      kind: "not-done" as const,
      result: "not-run" as const,
      subjects: 0,
      evidence: [],
      summary: `${result.summary}. The operator has not said anything of the rest`,
      removed: null,
      at: null,
      ms: 0,
    };
  }
  // Our word is never more than that, and never green.
  if (statement && (!result || result.kind === "not-done"))
    return {
      kind: "attested" as const,
      result: "not-run" as const,
      subjects: 0,
      evidence: [],
      summary: statement.words,
      removed: null,
      at: statement.at,
      ms: 0,
    };
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

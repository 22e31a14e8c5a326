import { later, minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { type Touch, wordsOf } from "../canaries/decoys.ts";
import type { Ask } from "../public-page/reader.ts";
import { attackDays, breachedIn, latestAttack, type StoredAttack } from "./store.ts";

/** No live attack for so long, and the page turns grey: three hours, or three times what the operator has set. */
export const freshFor = ({ config }: System): number =>
  Math.max(minutes(180), minutes(config.attackEveryMinutes) * 3);

/** What everybody may know of the attacks on the running server. */
export async function liveResult(system: System, ask: Ask) {
  const stored = await latestAttack(system, ask, "live");
  const last = stored === "forged" ? null : stored;
  const alarms = await ask<{ at: Date; kind: Touch; ninety: string }>(
    `select at, kind, count(*) over () as ninety from platform.alarm
      where at > $1::timestamptz - interval '90 days' order by at desc limit 1`,
    [system.clock()],
  );
  const [alarm] = alarms;
  return {
    everyMinutes: system.config.attackEveryMinutes,
    last: last && shownAttack(system, last),
    /** The newest row was not signed by this installation: it is not shown. */
    forged: stored === "forged",
    days: await attackDays(system, ask),
    touched: alarm
      ? { at: alarm.at.toISOString(), words: wordsOf[alarm.kind], ninetyDays: Number(alarm.ninety) }
      : null,
  };
}

function shownAttack(system: System, { at, version, summary, text, note }: StoredAttack) {
  const {
    seed,
    routes,
    classes,
    attempts,
    held,
    inconclusive,
    breached,
    covered,
    uncovered,
    requests,
    ms,
    cost,
  } = summary;
  const stale = later(at, freshFor(system)) < system.clock();
  return {
    at: at.toISOString(),
    version,
    // Broken stays red however old it is; what held long ago is grey.
    result: resultOf(summary, stale),
    attempts,
    held,
    inconclusive,
    breached: [...breached],
    routes,
    classes: [...classes],
    covered,
    uncovered: uncovered.map((group) => ({ ...group, routes: [...group.routes] })),
    requests,
    ms,
    cost,
    seed,
    signed: { note, summary: text },
  };
}

function resultOf(summary: StoredAttack["summary"], stale: boolean) {
  if (breachedIn(summary) > 0) return "broken" as const;
  if (stale) return "stale" as const;
  return summary.attempts > 0 && summary.held > 0 ? ("held" as const) : ("not-run" as const);
}

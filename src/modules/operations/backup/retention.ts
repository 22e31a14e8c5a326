import { days } from "../../../kernel/clock.ts";
import type { Retention } from "../../../kernel/config-backup.ts";
import type { Archive } from "./places.ts";

/** So long the key store's own archives are kept: what is destroyed in it is gone everywhere after that. */
export const KEEP_KEYS_DAYS = 7;

/** Of the archives of one kind in one place, those that are kept no longer. `bad` are names of such as did not verify. */
export function expired(
  archives: readonly Archive[],
  keep: Retention,
  now: Date,
  bad: ReadonlySet<string> = new Set(),
): Archive[] {
  const good = archives.filter(({ name }) => !bad.has(name)).sort((a, b) => b.at.getTime() - a.at.getTime());
  const kept = keep.kind === "days" ? youngerThan(good, keep.days, now) : newestOfEach(good, keep);
  // Whatever else is said, the newest good one stays until there is a newer one, and each one for a day: somebody may have
  // made it before an update.
  if (good[0]) kept.add(good[0]);
  for (const archive of youngerThan(good, 1, now)) kept.add(archive);
  return archives.filter((archive) => !kept.has(archive));
}

const youngerThan = (archives: readonly Archive[], count: number, now: Date): Set<Archive> =>
  new Set(archives.filter(({ at }) => at.getTime() > now.getTime() - days(count)));

/** Newest first: the first of each of so many days, and of each of so many weeks. */
function newestOfEach(
  archives: readonly Archive[],
  { daily, weekly }: Extract<Retention, { kind: "daily-weekly" }>,
) {
  const kept = new Set<Archive>();
  const firstOf = (most: number, period: (at: Date) => string | number) => {
    const seen = new Set<string | number>();
    for (const archive of archives) {
      const key = period(archive.at);
      if (seen.has(key) || seen.size >= most) continue;
      seen.add(key);
      kept.add(archive);
    }
  };
  firstOf(daily, (at) => at.toISOString().slice(0, 10));
  // Weeks begin on Monday; day 0 of the count was a Thursday.
  firstOf(weekly, (at) => Math.floor((at.getTime() / days(1) + 3) / 7));
  return kept;
}

import { days } from "../../../kernel/clock.ts";
import type { Retention } from "../../../kernel/config-backup.ts";
import type { RecordedKey } from "../../../kernel/crypto/key-record.ts";
import type { System } from "../../../kernel/system.ts";
import { placesOf } from "../backup/places.ts";
import { markOf } from "../backup/signing.ts";

// Data keys that were retired. Backups of their time hold rows and files under them, and key copies of that time are gone
// after a week: so they stay in the key file, wrapped, as long as such a backup may. Destroying a workspace's keys destroys
// them with the others.

/** The longest that a data backup is kept, in days by the calendar, and one more. */
export function keptDays(keep: Retention): number {
  // Of four weeks the oldest may have been made on its Monday, and goes when the fifth has one.
  return (keep.kind === "days" ? keep.days : Math.max(keep.daily, 7 * (keep.weekly + 1))) + 1;
}

/**
 * Versions of old keys that no backup can need: their time is over, and in no place is a data backup from before they were
 * retired, which stay longer where none were made for some time. Throws when a place cannot be looked at.
 */
export async function lapsedOldKeys(
  { clock, config, keyring }: Pick<System, "clock" | "config" | "keyring">,
  keys: readonly RecordedKey[],
): Promise<number[]> {
  const until = clock().getTime() - days(keptDays(config.backup.keep));
  const due = keys.flatMap(({ use, version, retired }) =>
    use === "old" && retired !== undefined && Date.parse(retired) <= until ? { version, retired } : [],
  );
  if (due.length === 0) return [];
  const places = placesOf(config.backup, config.home);
  const backups = (await Promise.all(places.map((place) => place.list()))).flat();
  // Another installation's need none of these keys.
  const mark = await markOf({ config, keyring });
  const own = backups.filter(({ kind, id }) => kind === "data" && id.startsWith(mark));
  const oldest = Math.min(...own.map(({ at }) => at.getTime()));
  return due.filter(({ retired }) => oldest > Date.parse(retired)).map(({ version }) => version);
}

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { days, minutes } from "../../../kernel/clock.ts";
import { errorCode } from "../../../kernel/files/durable.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";
import type { Keeper } from "../audit/log/keeper.ts";
import { backUpKeys } from "../backup/making.ts";
import { type Archive, type Place, placesOf } from "../backup/places.ts";
import { markOf } from "../backup/signing.ts";
import { COPIES_KEPT_DAYS } from "./rotation.ts";

/**
 * Destroys a workspace's keys for good: its rows and files open nowhere any more, in no process from its next use of them
 * on. A crash in the middle leaves them destroyed. Resolves until when copies of the key store may still hold them;
 * repeated, it says the same again.
 */
export async function destroyTenantKeys(system: System, tenantId: string): Promise<{ copiesUntil: Date }> {
  await system.keyring.destroy(tenantId);
  if (system.keyring.has(tenantId)) throw new Error("keys that were destroyed are still there");
  return { copiesUntil: new Date(system.clock().getTime() + days(COPIES_KEPT_DAYS)) };
}

/** Archives of this installation's key store, in one place. Those of another one are its own to remove. */
async function ownCopies(system: Keeper, place: Place): Promise<Archive[]> {
  const mark = await markOf(system);
  return (await place.list()).filter(({ kind, id }) => kind === "keys" && id.startsWith(mark));
}

/** Archives of the key store, in one place, that are older than they may become. */
export async function lapsedKeyCopies(
  system: Pick<System, "clock" | "config" | "keyring">,
  place: Place,
): Promise<Archive[]> {
  const copies = await ownCopies(system, place);
  const lapsed = copies.filter(({ at }) => at.getTime() <= system.clock().getTime() - days(COPIES_KEPT_DAYS));
  if (lapsed.length < copies.length) return lapsed;
  // Where nothing newer is, the last copy stays while it holds nothing that was destroyed since: it is all there is.
  const newest = lapsed.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
  const destroyedAt = await lastDestroyed(system.config.home);
  if (!newest || destroyedAt === null || destroyedAt < newest.at)
    return lapsed.filter((one) => one !== newest);
  return lapsed;
}

/** Removes them everywhere; answers how many went. */
export async function removeLapsedKeyCopies(
  system: System,
  places: readonly Place[] = placesOf(system.config.backup, system.config.home),
): Promise<number> {
  let removed = 0;
  for (const place of places) {
    let lapsed = await lapsedKeyCopies(system, place);
    const kept = (await ownCopies(system, place)).filter(
      ({ name }) => !lapsed.some((one) => one.name === name),
    );
    // The last copy goes because of keys that were destroyed. All others are in a newer one before.
    if (lapsed.length > 0 && kept.length === 0 && !(await makeNewCopy(system, place)))
      lapsed = lapsed.toSorted((a, b) => b.at.getTime() - a.at.getTime()).slice(1);
    for (const { name } of lapsed) {
      await place.remove(name);
      removed++;
    }
  }
  if (removed > 0) system.log.info({ removed }, "copies of the key store have lapsed");
  return removed;
}

/** Where no backups are made any more there is nothing that a copy would be for. False: it could not be made. */
async function makeNewCopy(system: System, place: Place): Promise<boolean> {
  if (system.config.backup.recipients.length === 0) return true;
  try {
    await backUpKeys(system, [place], "schedule");
    return true;
  } catch (error) {
    system.log.error({ err: error }, "no newer copy of the key store could be made");
    await alertOperator(system, {
      kind: "backup.keys-lapse",
      subject: "The last copy of the keys is too old, and no newer one could be made",
      text: "It is more than 7 days old and holds keys that were destroyed since, so it must go; but it is the only copy of all other keys. Make a backup now.",
    });
    return false;
  }
}

/** Removes lapsed copies daily, and shortly after the start. Answers how to stop. */
export function keepLapsing(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const look = () => {
    running ??= removeLapsedKeyCopies(system)
      .catch((error: unknown) =>
        system.log.error({ err: error }, "copies of the key store could not be looked at"),
      )
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(look, minutes(5)).unref();
  const timer = setInterval(look, days(1)).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** When keys were last destroyed here; null when none ever were. */
async function lastDestroyed(home: string): Promise<Date | null> {
  const folder = join(home, "keys");
  let last: Date | null = null;
  for (const name of await goneIn(folder)) {
    const { mtime } = await stat(join(folder, name));
    if (!last || mtime > last) last = mtime;
  }
  return last;
}

async function goneIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".gone"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

import { registeredMasters } from "../../../kernel/crypto/master-register.ts";
import type { Keeper } from "../audit/log/keeper.ts";
import { type Archive, placesOf } from "../backup/places.ts";
import { markOf } from "../backup/signing.ts";

/**
 * Copies of this installation's key store that open with an older master key only: those from before the last key file was
 * wrapped with the newest. Throws when a place of the settings cannot be looked at: nobody knows what lies there then.
 */
export async function copiesUnderOlderKeys(installation: Keeper): Promise<Archive[]> {
  const { keyring, config } = installation;
  const { masterKeys } = keyring;
  const current = (await registeredMasters(config.home)).find(
    ({ version, source }) =>
      version === masterKeys.currentVersion && (source === "service") === (masterKeys.source === "service"),
  );
  const since = Date.parse(current?.wrapped ?? current?.since ?? "");
  // The first one that there ever was has no older one before it.
  if (Number.isNaN(since)) return [];
  const mark = await markOf(installation);
  const lists = await Promise.all(placesOf(config.backup, config.home).map((place) => place.list()));
  // Its name says when a copy was begun: what was wrapped in that very second is not in it for sure.
  return lists
    .flat()
    .filter(({ kind, id, at }) => kind === "keys" && id.startsWith(mark) && at.getTime() <= since);
}

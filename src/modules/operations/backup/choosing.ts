import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { backupFailure } from "./failure.ts";
import { type Archive, folderPlace, type Place } from "./places.ts";
import { MARK_DIGITS } from "./signing.ts";

/** An archive, and where to read it. */
export interface Chosen {
  readonly archive: Archive;
  readonly words: string;
  read(): Promise<AsyncIterable<Uint8Array>>;
}

/** A folder, or one file in it. */
export async function placeAt(path: string): Promise<{ place: Place; name: string | null }> {
  const found = await stat(path).catch(() => null);
  if (!found) throw backupFailure("incomplete", `There is nothing at ${path}.`);
  return found.isDirectory()
    ? { place: folderPlace(path), name: null }
    : { place: folderPlace(dirname(path)), name: basename(path) };
}

/**
 * The newest archive of the data, or the newest that is not younger than `at`; and the newest of the keys, whatever the
 * time: a key that was destroyed since must not come back, and one that was wrapped anew opens only so.
 */
export async function choose(
  places: readonly Place[],
  { at, name }: { at?: Date | undefined; name?: string | null | undefined },
): Promise<{ data: Chosen; keys: Chosen }> {
  const all = (
    await Promise.all(
      places.map(async (place) => (await place.list()).map((archive) => ({ archive, place }))),
    )
  )
    .flat()
    .sort((a, b) => b.archive.at.getTime() - a.archive.at.getTime());
  const chosen = (found: (typeof all)[number] | undefined, what: string): Chosen => {
    if (!found)
      throw backupFailure(
        "incomplete",
        `There is no archive of the ${what} in ${places.map((p) => p.words).join(" or ")}.`,
      );
    const { archive, place } = found;
    return { archive, words: `${archive.name} in ${place.words}`, read: () => place.get(archive.name) };
  };
  // Of several installations in one place nobody knows which is meant, unless it is said.
  const marks = new Set(all.map(({ archive }) => archive.id.slice(0, MARK_DIGITS)));
  if (marks.size > 1 && !name)
    throw backupFailure(
      "incomplete",
      `There are archives of ${marks.size} installations in ${places.map((p) => p.words).join(" or ")} (${[...marks].join(", ")}, the first digits of their ids). Say which: give one archive of the data with --from FILE.`,
    );
  const data = all.find(
    ({ archive }) => archive.kind === "data" && (name ? archive.name === name : !at || archive.at <= at),
  );
  return {
    data: chosen(data, at ? `data from before ${at.toISOString()}` : "data"),
    keys: chosen(
      all.find(
        ({ archive }) =>
          archive.kind === "keys" &&
          archive.id.slice(0, MARK_DIGITS) === data?.archive.id.slice(0, MARK_DIGITS),
      ),
      "keys",
    ),
  };
}

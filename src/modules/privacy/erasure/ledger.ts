import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { days } from "../../../kernel/clock.ts";
import type { Keyring } from "../../../kernel/crypto/keyring.ts";
import { errorCode, replaceFile } from "../../../kernel/files/durable.ts";
import { Id } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { backupFailure } from "../../operations/backup/failure.ts";
import { placesOf } from "../../operations/backup/places.ts";
import { markOf } from "../../operations/backup/signing.ts";
import { keptDays } from "../../operations/keys/old-keys.ts";

// Who was erased, outside of the database: a backup from before brings them back, and what the database knew of it is gone
// then. It lies in the key store's folder, so that it is in every archive of keys, of which a restore takes the newest.

/** Identifiers only. */
const Erased = z.strictObject({
  tenant: Id,
  member: Id,
  at: z.iso.datetime(),
  /** Who asked for it: their own id, when it was they themself. */
  by: Id,
  content: z.enum(["deleted", "handed-over"]),
  /** Who got what they owned. */
  to: Id.nullable(),
});
export type Erased = z.infer<typeof Erased>;

const FORMAT = z.literal("vouchsafe-erased/1");
const Ledger = z.strictObject({ format: FORMAT, erased: z.array(Erased) });
/** A time that is none is today: whoever is erased once more than needed has lost nothing, and nobody else waits for it. */
const Readable = Ledger.extend({
  erased: z.array(Erased.extend({ at: Erased.shape.at.catch(() => new Date().toISOString()) })),
});

/** Beyond the time for which backups are kept: some are kept a little longer, and clocks differ. */
const SLACK_DAYS = 30;

/** Every erasure of which a backup may not know. Throws for a file that cannot be read: it is not empty then. */
export const readErased = (home: string): Promise<readonly Erased[]> => readErasedFile(pathOf(home));

/** The same of a file anywhere; one that is not there names nobody. */
export async function readErasedFile(path: string): Promise<readonly Erased[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  try {
    return Readable.parse(JSON.parse(text)).erased;
  } catch (cause) {
    throw backupFailure(
      "damaged",
      `${path}, the list of who was erased, is not what this program wrote, and without it somebody would come back. Put the file of an older archive of the keys there, or give \`restore\` such an archive (--keys), and what is newer in the damaged one as a list of its own (--erased).`,
      cause,
    );
  }
}

/** Writes an erasure down, durably, before it is acknowledged. Said twice, the first word stands. */
export const noteErased = ({ keyring, config }: Pick<System, "keyring" | "config">, one: Erased) =>
  change(keyring, config.home, (all) =>
    all.some(({ tenant, member }) => tenant === one.tenant && member === one.member) ? all : [...all, one],
  );

/**
 * Forgets erasures from before the oldest backup that may be left: those of the settings' places are looked at, and a
 * place that cannot be looked at throws. Answers how many went.
 */
export async function forgetErased(system: System): Promise<number> {
  const { backup, home } = system.config;
  const lists = await Promise.all(placesOf(backup, home).map((place) => place.list()));
  const mark = await markOf(system);
  const own = lists.flat().filter(({ kind, id }) => kind === "data" && id.startsWith(mark));
  const until = Math.min(
    system.clock().getTime() - days(keptDays(backup.keep) + SLACK_DAYS),
    ...own.map(({ at }) => at.getTime() - days(1)),
  );
  const before = (await readErased(home)).length;
  await change(system.keyring, home, (all) => all.filter(({ at }) => Date.parse(at) > until));
  return before - (await readErased(home)).length;
}

const pathOf = (home: string) => join(home, "keys", "erased.json");

/** One process at a time, as all that is in this folder. */
const change = ({ store }: Keyring, home: string, how: (all: readonly Erased[]) => readonly Erased[]) =>
  store.alone(async () => {
    const all = await readErased(home);
    const now = how(all);
    if (now.length === all.length) return;
    // Looked at before the file is replaced: what nobody could read any more would stop every erasure and every restore.
    const written = Ledger.parse({ format: FORMAT.value, erased: now });
    await replaceFile(pathOf(home), `${JSON.stringify(written)}\n`);
  });

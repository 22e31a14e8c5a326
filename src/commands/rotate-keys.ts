import { join } from "node:path";
import { days, later } from "../kernel/clock.ts";
import type { Config } from "../kernel/config.ts";
import { keyLock } from "../kernel/crypto/key-lock.ts";
import { folderKeyStore } from "../kernel/crypto/key-store.ts";
import { type Keyring, openKeyring } from "../kernel/crypto/keyring.ts";
import { loadMasterKeys } from "../kernel/crypto/load-master-keys.ts";
import { dropOldMasterKeys } from "../kernel/crypto/master-key-file.ts";
import { startupError } from "../kernel/home.ts";
import { reveal } from "../kernel/secret.ts";
import {
  COPIES_KEPT_DAYS,
  keyStanding,
  rotateMasterKey,
  wordsOf,
} from "../modules/operations/keys/rotation.ts";
import { readSettings } from "./settings.ts";

const USAGE = `npm run -s vouchsafe -- rotate-keys [--new] [--data] [--drop-old] [--status]

  (nothing)    wrap every key with the newest master key; may be ended and begun again
  --new        first make that master key (in the file, or in the key service)
  --data       make every workspace a new data key; a running server seals its data with it
  --drop-old   take older master keys out of the file, once nothing needs them
  --status     only say how things stand

  --copies-become-unreadable   with --drop-old: also while copies of the key store open with the older key only
`;
const EVEN_SO = "--copies-become-unreadable";
const KNOWN = ["--new", "--data", "--drop-old", "--status", EVEN_SO];

/** `rotate-keys`: on the key files alone, so that it runs beside a server, and without one. */
export async function run(args: readonly string[]): Promise<number> {
  if (args.some((arg) => !KNOWN.includes(arg))) {
    process.stderr.write(USAGE);
    return 2;
  }
  // Every copy of the key store so far needs the older key, and the new one is nowhere but here yet.
  if (args.includes("--new") && args.includes("--drop-old"))
    throw startupError(
      "A new master key and dropping the older ones are two steps.",
      "Run --new, copy the file of the master key to where you keep it, make a backup, and run --drop-old 7 days later.",
    );
  const config = readSettings();
  const { home, databaseUrl } = config;
  const masterKeys = await loadMasterKeys({ env: process.env, home });
  const lock = databaseUrl ? keyLock(reveal(databaseUrl)) : undefined;
  const keyring = openKeyring({ masterKeys, store: folderKeyStore(join(home, "keys"), lock) });
  if (!args.includes("--status")) {
    const { rewrapped, failed } = await rotateMasterKey(keyring, home, {
      makeNew: args.includes("--new"),
      now: new Date(),
      progress: showProgress(),
    });
    say(`${rewrapped} key files were wrapped anew.`);
    for (const id of failed) say(`The keys of ${id} do not open, and were left as they are.`);
    if (args.includes("--data")) {
      // Loaded here: with what they need they take longer than all else together.
      const [{ renewDataKeys }, { keptDays }] = await Promise.all([
        import("../modules/operations/keys/data-keys.ts"),
        import("../modules/operations/keys/old-keys.ts"),
      ]);
      const renewed = await renewDataKeys({ keyring });
      say(
        `${renewed} workspaces have a new data key. A running server seals their data with it in the background.`,
      );
      say(
        `What the former keys sealed may lie in backups: they stay in the key files, for these alone, for ${keptDays(config.backup.keep)} days after that (BACKUP_KEEP), or as long as an older backup does.`,
      );
    }
  }
  const standing = await keyStanding(keyring, home);
  for (const words of wordsOf(standing, new Date())) say(words);
  if (standing.resealing > 0) say(`${standing.resealing} workspaces are on their way to a newer data key.`);
  const isDone =
    standing.unreadable === 0 && standing.masters.every((one) => one.isCurrent || one.workspaces === 0);
  if (isDone && args.includes("--drop-old")) {
    if (!args.includes(EVEN_SO)) await requireNoOlderCopies(config, keyring);
    await dropOld(keyring, home);
  }
  return isDone ? 0 : 1;
}

/** A copy that opens with the older key only, and no such key: of a lost machine nothing could be restored. */
async function requireNoOlderCopies(config: Config, keyring: Keyring): Promise<void> {
  if (keyring.masterKeys.source !== "file") return;
  const { copiesUnderOlderKeys } = await import("../modules/operations/keys/older-copies.ts");
  const copies = await copiesUnderOlderKeys({ config, keyring }).catch((cause: unknown) => {
    throw startupError(
      "Whether copies of the key store need the older key cannot be seen: a place of the backups does not answer.",
      `Try again when it does; ${EVEN_SO} drops the key all the same.`,
      cause,
    );
  });
  const newest = copies.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
  if (!newest) return;
  const until = later(newest.at, days(COPIES_KEPT_DAYS)).toISOString().slice(0, 10);
  throw startupError(
    `${copies.length} copies of the key store open with the older key only, the newest is ${newest.name}.`,
    `Make a backup, and try again after ${until}, when they have lapsed. If you keep the older key elsewhere, or give them up, add ${EVEN_SO}.`,
  );
}

/** Asked once more where nobody else writes keys: one that was made in between needs its master key. */
async function dropOld(keyring: Keyring, home: string): Promise<void> {
  const { masterKeys, store } = keyring;
  if (masterKeys.source !== "file") {
    say("The older keys are not in a file of this installation: take them away where you keep them.");
    return;
  }
  const dropped = await store.alone(async () => {
    const { masters, unreadable } = await keyStanding(keyring, home);
    const needsOlder = unreadable > 0 || masters.some((one) => !one.isCurrent && one.workspaces > 0);
    return needsOlder ? [] : dropOldMasterKeys(home);
  });
  say(dropped.length > 0 ? `Taken out of the file: ${dropped.join(", ")}.` : "No older key was in the file.");
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** A line for each tenth, on standard error. */
function showProgress() {
  let shown = -1;
  return (done: number, of: number) => {
    const tenth = Math.floor((done / of) * 10);
    if (tenth === shown) return;
    shown = tenth;
    process.stderr.write(`${done} of ${of} key files\n`);
  };
}

import { minutes } from "../../kernel/clock.ts";
import { oneAtATime } from "../../kernel/database/one-at-a-time.ts";
import type { System } from "../../kernel/system.ts";

/** Longer than any upload and its transaction take: an older file that no document names is nobody's. */
const OLDER_THAN = minutes(24 * 60);
const EVERY = minutes(24 * 60);
/** So many files may be nobody's without that being strange. */
const FEW = 20;
const FIRST_AFTER = minutes(1);
/** Of all processes on a database one sweeps at a time. The number is ours alone: "VSsweep" in ASCII, shortened. */
const LOCK = 0x5653_7377;

/**
 * Removes, daily and shortly after the start, stored files that no document names: what a crash left between the file
 * and its row, or between the row's end and the file's. Answers how to stop.
 */
export function keepSweeping(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const sweep = () => {
    running ??= sweepFiles(system)
      .catch((error: unknown) => system.log.error({ err: error }, "stored files could not be swept"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(sweep, FIRST_AFTER).unref();
  const timer = setInterval(sweep, EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** Sweeps once; answers how many files went, or null when another process is at it. */
export async function sweepFiles(
  system: System,
  olderThan: number = OLDER_THAN,
): Promise<{ unfinished: number; orphans: number } | null> {
  return oneAtATime(system, LOCK, async (client) => {
    const ask = async (names: readonly string[]) => {
      const { rows } = await client.query<{ name: string }>("select directory.known_files($1) as name", [
        names,
      ]);
      return rows.map((row) => row.name);
    };
    // First only counted. Next to a database that knows hardly any of the files, it is the database that is the wrong
    // one (or a backup), and removing them would be the harm.
    let [old, known] = [0, 0];
    const { unfinished } = await system.files.sweep(async (names) => {
      old += names.length;
      known += (await ask(names)).length;
      return names;
    }, olderThan);
    if (old - known > FEW && known < old / 2) {
      throw new Error(`of ${old} stored files the database knows ${known}: none was removed`);
    }
    const { orphans } = await system.files.sweep(ask, olderThan);
    const swept = { unfinished, orphans };
    if (swept.orphans + swept.unfinished > 0)
      system.log.info(swept, "stored files that were nobody's are gone");
    return swept;
  });
}

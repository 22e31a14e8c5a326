import { readdir, readFile } from "node:fs/promises";

/**
 * Processor seconds that the children of a process have used so far, those that ended included; null where the
 * system does not tell. For a PostgreSQL server: all of its backends.
 */
export async function secondsOfChildren(parent: number): Promise<number | null> {
  let ticks = 0;
  let seen = false;
  for (const name of await readdir("/proc").catch(() => [] as string[])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // proc_pid_stat(5): fields after the name, which may hold anything, end with its bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    if (Number(name) === parent) ticks += Number(fields[13]) + Number(fields[14]);
    else if (Number(fields[1]) === parent) ticks += user + system;
    else continue;
    seen = true;
  }
  return seen ? ticks / 100 : null;
}

/** Processor seconds of this process so far. */
export function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Processor seconds of this process's worker threads so far, where passwords are hashed; null where the system does
 * not tell.
 */
export async function secondsOfWorkers(): Promise<number | null> {
  const threads = await readdir("/proc/self/task").catch(() => null);
  if (!threads) return null;
  let ticks = 0;
  for (const thread of threads) {
    const stat = await readFile(`/proc/self/task/${thread}/stat`, "utf8").catch(() => "");
    const end = stat.lastIndexOf(")");
    // What Node names them.
    if (stat.slice(stat.indexOf("(") + 1, end) !== "WorkerThread") continue;
    const fields = stat.slice(end + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
}

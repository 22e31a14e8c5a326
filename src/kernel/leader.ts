import pg from "pg";
import { seconds } from "./clock.ts";
import type { System } from "./system.ts";

/** Work that comes by the clock. `keep` begins it and answers how to stop it. */
export interface Timer {
  readonly name: string;
  readonly keep: (system: System) => () => Promise<void>;
}

/** Of all processes on a database one holds it. The number is ours alone. */
const LOCK = 7_234_011_921;
const LOOK_EVERY = seconds(5);

/**
 * Runs the timers in one process of all that use this database: in the one that holds a lock, on a connection of its
 * own. When that connection breaks, the timers stop here, and another process, or this one, takes them up. Answers how
 * to stop. `databaseUrl` null: no other process can be there, and they run at once.
 */
export function keepTimers(
  system: System,
  databaseUrl: string | null,
  timers: readonly Timer[],
  lookEvery: number = LOOK_EVERY,
): { readonly isLeader: () => boolean; readonly stop: () => Promise<void> } {
  let stopping: (() => Promise<void>)[] = [];
  let client: pg.Client | null = null;
  let ended = false;
  let change: Promise<void> = Promise.resolve();

  const begin = () => {
    stopping = timers.map(({ keep }) => keep(system));
  };
  const end = async () => {
    for (const stop of stopping.splice(0).reverse())
      await stop().catch((error: unknown) => system.log.error({ err: error }, "a timer did not stop well"));
  };
  if (databaseUrl === null) {
    begin();
    return { isLeader: () => true, stop: end };
  }

  const lose = (error: unknown) => {
    if (!client) return;
    system.log.warn({ err: error }, "the lock of the timers is lost: another process takes them up");
    drop();
    change = change.then(end);
  };
  const drop = () => {
    const held = client;
    client = null;
    held?.removeAllListeners("error").on("error", () => {});
    void held?.end().catch(() => {});
  };
  const look = async () => {
    if (client) {
      // A connection that hangs is found out by this: whoever cannot ask does not hold the lock for sure.
      await client.query("select 1").catch(lose);
      return;
    }
    const tried = new pg.Client({
      connectionString: databaseUrl,
      application_name: "vouchsafe timers",
      connectionTimeoutMillis: 5000,
      query_timeout: 5000,
      keepAlive: true,
    });
    tried.on("error", (error) => (client === tried ? lose(error) : undefined));
    try {
      await tried.connect();
      const { rows } = await tried.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [
        LOCK,
      ]);
      if (!rows[0]?.mine || ended) return void (await tried.end());
      client = tried;
      begin();
      system.log.info({}, "the timers run in this process");
    } catch (error) {
      await tried.end().catch(() => {});
      system.log.info({ err: error }, "the lock of the timers could not be asked for");
    }
  };
  const turn = () => {
    change = change.then(look);
  };
  turn();
  const timer = setInterval(turn, lookEvery).unref();
  return {
    isLeader: () => client !== null,
    stop: async () => {
      ended = true;
      clearInterval(timer);
      await change;
      await end();
      const held = client;
      client = null;
      await held?.end().catch(() => {});
    },
  };
}

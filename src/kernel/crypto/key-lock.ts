import pg from "pg";
import { appError } from "../errors.ts";
import type { MasterKeySource } from "./master-key.ts";

// Who changes the key store, and who serves from it, among processes that see neither each other's numbers nor files' locks:
// in containers, or on several machines. What they share is the database, so its advisory locks say both.

/** What one server process knows of master keys. */
export interface KnownMasters {
  readonly source: MasterKeySource;
  /** Of keys in the environment; others are looked up whenever they are needed. */
  readonly versions: readonly number[];
}

export interface KeyLock {
  /** Runs work alone among all on this database. `isHeld` is false once the connection that holds the lock is lost. */
  alone<T>(work: (isHeld: () => boolean) => Promise<T>): Promise<T>;
  /** Says what this process knows, until the answer is called. */
  announce(masters: KnownMasters): Promise<() => void>;
  /** All that are announced now. */
  servers(): Promise<KnownMasters[]>;
}

/** "VSk" in ASCII, and what it is about. */
const CHANGE = 0x5653_6b00;
const SOURCES: readonly MasterKeySource[] = ["file", "environment", "service"];
const classOf = (source: MasterKeySource) => CHANGE + 1 + SOURCES.indexOf(source);
const WAIT_MS = 20_000;
const AGAIN_MS = 1000;

/** On connections of its own: whoever waits for it may hold one of the pool, and a lock lives as long as its connection. */
export function keyLock(url: string): KeyLock {
  async function connect(onLost: () => void): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: url,
      application_name: "vouchsafe keys",
      connectionTimeoutMillis: 5000,
      lock_timeout: WAIT_MS,
      keepAlive: true,
    });
    client.on("error", onLost);
    client.on("end", onLost);
    await client.connect();
    return client;
  }
  const end = (client: pg.Client | null) => void client?.end().catch(() => undefined); // it was lost already

  return {
    async alone(work) {
      let held = true;
      let client: pg.Client | null = null;
      try {
        client = await connect(() => {
          held = false;
        });
        await client.query("select pg_advisory_lock($1, 0)", [CHANGE]);
      } catch (cause) {
        end(client);
        throw appError("unavailable", { cause, retryAfter: 2 });
      }
      try {
        return await work(() => held);
      } finally {
        end(client);
      }
    },
    async announce({ source, versions }) {
      let [client, ended]: [pg.Client | null, boolean] = [null, false];
      const say = async () => {
        let made: pg.Client | null = null;
        // One that is lost while it is being made fails below, and is made again from there.
        made = await connect(() => {
          if (made !== null && client === made) again();
        });
        // Of a file or a service the number says nothing: it is looked at again before each use.
        const known = source === "environment" ? versions : [0];
        try {
          for (const version of known)
            await made.query("select pg_advisory_lock_shared($1, $2)", [classOf(source), version]);
        } catch (error) {
          end(made);
          throw error;
        }
        client = made;
        if (ended) end(made);
      };
      const again = () => {
        client = null;
        if (!ended) say().catch(() => setTimeout(again, AGAIN_MS).unref());
      };
      await say();
      return () => {
        ended = true;
        end(client);
      };
    },
    async servers() {
      const client = await connect(() => {});
      try {
        const { rows } = await client.query<{ pid: number; class: string; version: string }>(
          `select pid, classid::bigint as class, objid::bigint as version from pg_locks
            where locktype = 'advisory' and objsubid = 2 and granted and classid::bigint = any ($1)
              and database = (select oid from pg_database where datname = current_database())`,
          [SOURCES.map(classOf)],
        );
        const found = new Map<string, { source: MasterKeySource; versions: number[] }>();
        for (const row of rows) {
          const source = SOURCES.find((one) => classOf(one) === Number(row.class));
          if (!source) continue;
          const one = found.get(`${row.pid} ${source}`) ?? { source, versions: [] };
          one.versions.push(Number(row.version));
          found.set(`${row.pid} ${source}`, one);
        }
        return [...found.values()];
      } finally {
        end(client);
      }
    },
  };
}

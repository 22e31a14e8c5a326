import { cpSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { allControls } from "../controls.ts";
import { openLog } from "../kernel/log.ts";
import { DATABASE, startEmbedded } from "../kernel/postgres/embedded.ts";
import { keepStage } from "../modules/trust/stage/kept.ts";
import { DATABASE_LOGINS, openStage } from "../modules/trust/stage/stage.ts";
import { startThrowAway } from "../throw-away.ts";
import { type Copy, liveServer } from "./on-stage.ts";

/** An installation with the stage set, at rest, of which copies are made in a tenth of a second. */
export interface Prepared {
  /** A copy for one process: the file that `controls --copy` reads. `sql` is run in its database first, as superuser. */
  copy(sql?: string): Promise<{ readonly file: string; remove(): Promise<void> }>;
  close(): Promise<void>;
}

/** `claims`: whose scenes are set as well. */
export async function prepareStage(claims: ReadonlySet<string>): Promise<Prepared> {
  const instance = await startThrowAway();
  const { folder } = instance;
  const { home } = instance.system.config;
  const kept = await openStage(liveServer(instance))
    .then((stage) => keepStage(stage, allControls, claims))
    .finally(() => instance.stop())
    .catch(async (error) => {
      await instance.remove();
      throw error;
    });
  // The same database once more, by itself: a database is copied while nobody is connected to it.
  const postgres = await startEmbedded({
    home,
    runtime: join(folder, "runtime"),
    log: openLog("silent"),
    durable: false,
    settings: { max_connections: "150" },
  });
  const admin = new pg.Client(postgres.adminUrl);
  await admin.connect();
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (sql: string): Promise<unknown> => {
    turn = turn.catch(() => {}).then(() => admin.query(sql));
    return turn;
  };
  let copies = 0;
  return {
    async copy(sql) {
      const name = `copy_${++copies}`;
      const place = join(folder, name);
      await inTurn(`create database ${name} template ${DATABASE} strategy file_copy`);
      if (sql) await runIn(postgres.url("postgres", name), sql);
      const isOwn = (path: string) => ![join(home, "run"), join(home, "postgres.json")].includes(path);
      cpSync(home, join(place, "home"), { recursive: true, filter: isOwn });
      const databaseUrls = Object.fromEntries(
        // With a host before the path, as a URL has to have; the one behind it counts.
        DATABASE_LOGINS.map((role) => [role, postgres.url(role, name).replace("@/", "@localhost/")]),
      ) as Copy["databaseUrls"]; // of every role, as listed
      const copy: Copy = { home: join(place, "home"), databaseUrls, stage: kept };
      const file = join(place, "copy.json");
      await writeFile(file, JSON.stringify(copy), { mode: 0o600 });
      return {
        file,
        async remove() {
          await inTurn(`drop database ${name} with (force)`);
          await rm(place, { recursive: true, force: true });
        },
      };
    },
    async close() {
      await admin.end();
      await postgres.stop();
      await instance.remove();
    },
  };
}

async function runIn(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "../../src/kernel/database/migrate.ts";
import { DATABASE, startEmbedded } from "../../src/kernel/postgres/embedded.ts";
import { isRunning } from "../../src/kernel/postgres/process-identity.ts";
import { reveal } from "../../src/kernel/secret.ts";
import { type RunningRedis, startRedis } from "../support/redis.ts";
import { type S3StandIn, startS3 } from "../support/s3.ts";
import { newPlace, remove, type Server } from "../support/server.ts";
import { freePort, type Installation, startPatiently, undisturbed, whatIsKept } from "./installation.ts";

/** As a larger one is run: a PostgreSQL of its own, Valkey, files in a bucket, `serve --no-jobs` and `work` beside it. */
export interface Spread extends Installation {
  readonly valkey: RunningRedis;
  readonly bucket: S3StandIn;
  /** One more beside it, for a while. */
  anotherWorker(): Promise<Server>;
}

export async function openSpread(): Promise<Spread> {
  const place = newPlace();
  const clocks = { server: join(place.folder, "clock"), worker: join(place.folder, "clock-of-work") };
  const ignore = () => {};
  // Whoever runs it starts it again when it dies, as this does.
  const postgres = await startEmbedded({
    home: join(place.folder, "database"),
    runtime: place.runtime,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  await migrate({ adminUrl: postgres.adminUrl, passwords: postgres.passwords, database: DATABASE });
  const valkey = await startRedis();
  const bucket = await startS3();
  const port = await freePort();
  const { config } = bucket;
  // With an empty host the address could not be read as a URL.
  const url = (role: Parameters<typeof postgres.url>[0]) => postgres.url(role).replace("@/", "@localhost/");
  const env = {
    ...undisturbed,
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: url("vouchsafe_app"),
    JOBS_DATABASE_URL: url("vouchsafe_jobs"),
    BACKUP_DATABASE_URL: url("vouchsafe_backup"),
    VALKEY_URL: valkey.url,
    FILES: "s3",
    S3_ENDPOINT: config.endpoint,
    S3_REGION: config.region,
    S3_BUCKET: config.bucket,
    S3_ACCESS_KEY_ID: config.accessKeyId,
    S3_SECRET_ACCESS_KEY: reveal(config.secretAccessKey),
  };
  const start = (clock: string, ...command: string[]) =>
    startPatiently(place, { env, clock, command: ["src/main.ts", ...command] });
  const serve = () => start(clocks.server, "serve", "--no-jobs");
  const work = () => start(clocks.worker, "work");
  let server = await serve();
  let worker = await work();
  return {
    place,
    url: env.PUBLIC_URL,
    hasSmallDisk: false,
    env,
    valkey,
    bucket,
    anotherWorker: work,
    server: () => server,
    worker: () => worker,
    postmaster: () => postgres.pid,
    // The database goes on in the same folder.
    survivors: (family) => family.filter(isRunning).map(({ pid }) => `process ${pid}`),
    moveClock(ahead, whose) {
      for (const who of ["server", "worker"] as const)
        if (whose === who || whose === "both") writeFileSync(clocks[who], String(ahead));
    },
    async bringUp() {
      [server, worker] = await Promise.all([
        server.isRunning() ? server : serve(),
        worker.isRunning() ? worker : work(),
      ]);
    },
    ...whatIsKept(() => postgres.url("postgres")),
    async close(failed) {
      await Promise.all([server, worker].map((one) => one.stop(failed ? "SIGKILL" : "SIGTERM")));
      await postgres.stop();
      await valkey.close();
      await bucket.close();
      remove(place);
    },
  };
}

import { join } from "node:path";
import type { LiveServer } from "../modules/trust/stage/live-server.ts";
import { openStage, type Stage } from "../modules/trust/stage/stage.ts";
import { startThrowAway, type ThrowAway } from "../throw-away.ts";

/** Runs work on a stage of its own: a throw-away instance with two companies. Cleans up whatever happens. */
export async function onStage<T>(
  work: (stage: Stage) => Promise<T>,
  options: Parameters<typeof startThrowAway>[0] & { only?: readonly string[] } = {},
): Promise<T> {
  const { only, ...rest } = options;
  const instance = await startThrowAway(rest);
  const stop = () => void instance.close().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work(await openStage(liveServer(instance), only ?? null));
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await instance.close();
  }
}

/** A throw-away instance as the checks see it. */
export function liveServer(instance: ThrowAway): LiveServer {
  const { postgres } = instance;
  if (!postgres) throw new Error("the checks need an instance with a database of its own");
  return {
    url: instance.url,
    system: instance.system,
    routes: instance.app.routes,
    liveRoutes: instance.app.liveRoutes,
    databaseUrl: (role) => postgres.url(role, "vouchsafe"),
    log: () => instance.log(),
    folders: [
      join(instance.folder, "home", "files"),
      join(instance.folder, "home", "keys"),
      join(instance.folder, "runtime"),
    ],
  };
}

import { join } from "node:path";
import { enterStage, type KeptStage } from "../modules/trust/stage/kept.ts";
import type { LiveServer } from "../modules/trust/stage/live-server.ts";
import { type Aim, openStage, type Stage } from "../modules/trust/stage/stage.ts";
import { type Furnished, startThrowAway, type ThrowAway } from "../throw-away.ts";

/** A stage that was set before, and a copy of the installation that it was set on. */
export interface Copy extends Furnished {
  readonly stage: KeptStage;
}

/** From now on this process is stopped when the one that began it has ended, however that ended: its pipe tells. */
export function endWithParent(): void {
  const { stdin } = process;
  stdin.resume().once("end", () => process.kill(process.pid, "SIGTERM"));
  // Listening alone keeps nobody here.
  if ("unref" in stdin) stdin.unref();
}

/** Runs work on a stage of its own: a throw-away instance with two companies. Cleans up whatever happens. */
export async function onStage<T>(
  work: (stage: Stage) => Promise<T>,
  options: Parameters<typeof startThrowAway>[0] & {
    only?: readonly string[];
    aim?: Aim;
    copy?: Copy | null;
  } = {},
): Promise<T> {
  const { only = null, aim = {}, copy, ...rest } = options;
  const instance = await startThrowAway(copy ? { ...rest, furnished: copy } : rest);
  const stop = () => void instance.close().finally(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const server = liveServer(instance);
    return await work(
      copy ? await enterStage(server, copy.stage, only, aim) : await openStage(server, only, aim),
    );
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    // Whoever made the copy takes it away, and the process ends at once.
    await (copy ? instance.remove() : instance.close());
  }
}

/** A throw-away instance as the checks see it. */
export function liveServer(instance: ThrowAway): LiveServer {
  const { home } = instance.system.config;
  return {
    url: instance.url,
    system: instance.system,
    routes: instance.app.routes,
    liveRoutes: instance.app.liveRoutes,
    databaseUrl: (role) => instance.databaseUrl(role),
    log: () => instance.log(),
    folders: [join(home, "files"), join(home, "keys"), join(instance.folder, "runtime")],
  };
}

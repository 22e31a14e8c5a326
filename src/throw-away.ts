import { chmodSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, type InstanceOptions, startInstance } from "./instance.ts";
import { type Config, readConfig } from "./kernel/config.ts";
import { openLog } from "./kernel/log.ts";

/** Collects what a server logs, so that a check can look for what must not be there. */
export interface ThrowAway extends Instance {
  readonly folder: string;
  /** Everything logged so far. */
  log(): string;
}

/**
 * Starts an instance of its own on a free port and a temporary folder, with nothing of the environment's
 * settings. `close` removes the folder.
 */
export async function startThrowAway(
  options: Partial<Pick<InstanceOptions, "rebuild" | "clock" | "progress" | "durable">> & {
    config?: Partial<Config>;
  } = {},
): Promise<ThrowAway> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-"));
  // As root, the database runs under another user who must be able to pass through.
  chmodSync(folder, 0o711);
  const lines: string[] = [];
  const read = readConfig({ PORT: "0", LOG_LEVEL: "info" }, join(folder, "home"));
  if ("problems" in read) throw new Error("the defaults do not hold");
  const { config: changes, ...rest } = options;
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  try {
    const instance = await startInstance({
      config: { ...read.config, rateScale: 1000, ...changes },
      log: openLog("info", { write: (line) => void lines.push(line) }),
      env: {},
      runtime: join(folder, "runtime"),
      durable: false,
      ...rest,
    });
    return {
      ...instance,
      folder,
      log: () => lines.join(""),
      close: async () => {
        await instance.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

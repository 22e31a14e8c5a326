import { startupError } from "../home.ts";
import { serviceMasterKeys, serviceSettings } from "./key-service.ts";
import { type MasterKeys, masterKeys, masterKeysFromEnvironment } from "./master-key.ts";
import { masterKeysFromFile, readMasterKeyFile, reloadingMasterKeys } from "./master-key-file.ts";

/**
 * Opens the master keys: from a key service (`KEY_SERVICE_URL`), else from `env` (`MASTER_KEY`, or `MASTER_KEY_1`,
 * `MASTER_KEY_2` …, base64 of 32 bytes, the highest number is current), else from `<home>/secrets/master.key`, which
 * is created when nothing was ever encrypted here. Beside a key service, keys of the other two open what they wrapped.
 * Throws an error that says what to do for a wrong size, a loose file mode, a lost file or a service that is away.
 */
export async function loadMasterKeys(options: {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<MasterKeys> {
  const given = await inWords(() => masterKeysFromEnvironment(options.env));
  const service = serviceSettings(options.env);
  if (service) {
    const former = given ?? (await readMasterKeyFile(options.home));
    return serviceMasterKeys(service, former ? masterKeys(former, given ? "environment" : "file") : null);
  }
  if (given) return masterKeys(given, "environment");
  return reloadingMasterKeys(options.home, await inWords(() => masterKeysFromFile(options.home)));
}

/** A slip in a setting, or in a file that somebody copied, is for a person at a terminal. */
async function inWords<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    // What has a code or a name of its own says more.
    if (!(cause instanceof Error) || cause.name !== "Error" || "code" in cause) throw cause;
    throw startupError(cause.message, "Then try again: no new key is made in its place.", cause);
  }
}

import { serviceMasterKeys, serviceSettings } from "./key-service.ts";
import { type MasterKeys, masterKeys, masterKeysFromEnvironment } from "./master-key.ts";
import { masterKeysFromFile, readMasterKeyFile, reloadingMasterKeys } from "./master-key-file.ts";

/**
 * Opens the master keys: from a key service (`KEY_SERVICE_URL`), else from `env` (`MASTER_KEY`, or `MASTER_KEY_1`,
 * `MASTER_KEY_2` …, base64 of 32 bytes, the highest number is current), else from `<home>/secrets/master.key`, which
 * is created when nothing was ever encrypted here. Beside a key service, keys of the other two open what they wrapped.
 * Throws an Error that says what to do for a wrong size, a loose file mode, a lost file or a service that is away.
 */
export async function loadMasterKeys(options: {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<MasterKeys> {
  const given = masterKeysFromEnvironment(options.env);
  const service = serviceSettings(options.env);
  if (service) {
    const former = given ?? (await readMasterKeyFile(options.home));
    return serviceMasterKeys(service, former ? masterKeys(former, given ? "environment" : "file") : null);
  }
  if (given) return masterKeys(given, "environment");
  return reloadingMasterKeys(options.home, await masterKeysFromFile(options.home));
}

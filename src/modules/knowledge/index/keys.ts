import { type PurposeKeys, type TenantKeys, tenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { hashLength, type IndexKeys } from "../search/keys.ts";

/**
 * From which everything of a tenant's index is derived: whoever builds segments gets these and no other key. Words are
 * hashed with one that stays; what is sealed names the version of the data key, and is sealed again when that changes.
 */
export const indexKey = (keys: TenantKeys): PurposeKeys => keys.purposeKeys("knowledge.index");

/** The tenant's keys as the search engine wants them: the hash of a word is keyed, and the same for ever. */
export function indexKeys(keys: TenantKeys): IndexKeys {
  const key = indexKey(keys);
  let made = known.get(key);
  if (!made) {
    // Asked at every use: a handle that somebody still holds dies with the tenant's keys.
    const isDestroyed = () => {
      try {
        return indexKey(keys) === undefined;
      } catch {
        return true;
      }
    };
    made = indexKeysOf(keys.tenantId, key, isDestroyed);
    known.set(key, made);
  }
  return made;
}

const known = new WeakMap<PurposeKeys, IndexKeys>();

/** The same from these keys, for the thread that has nothing else. */
export function indexKeysOf(tenantId: string, key: PurposeKeys, isDestroyed?: () => boolean): IndexKeys {
  const keys = tenantKeys(tenantId, key.data, isDestroyed, undefined, { hashKey: key.hash });
  return {
    hash: (term) => keys.lookup("knowledge.index", term).subarray(0, hashLength),
    seal: (cell, plaintext) => keys.seal(cell, plaintext),
    open: (cell, sealed) => keys.open(cell, sealed),
  };
}

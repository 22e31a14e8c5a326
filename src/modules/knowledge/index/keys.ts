import type { KeyObject } from "node:crypto";
import { type TenantKeys, tenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { hashLength, type IndexKeys } from "../search/keys.ts";

/** From which everything of a tenant's index is derived: whoever builds segments gets this one and no other key. */
export const indexKey = (keys: TenantKeys): KeyObject => keys.subkey("knowledge.index");

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

const known = new WeakMap<KeyObject, IndexKeys>();

/** The same from the one key, for the thread that has nothing else. */
export function indexKeysOf(tenantId: string, key: KeyObject, isDestroyed?: () => boolean): IndexKeys {
  const keys = tenantKeys(tenantId, new Map([[1, key]]), isDestroyed);
  return {
    hash: (term) => keys.lookup("knowledge.index", term).subarray(0, hashLength),
    seal: (cell, plaintext) => keys.seal(cell, plaintext),
    open: (cell, sealed) => keys.open(cell, sealed),
  };
}

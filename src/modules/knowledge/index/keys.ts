import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { hashLength, type IndexKeys } from "../search/keys.ts";

/** The tenant's keys as the search engine wants them: the hash of a word is keyed, and the same for ever. */
export function indexKeys(keys: TenantKeys): IndexKeys {
  return {
    hash: (term) => keys.lookup("knowledge.index", term).subarray(0, hashLength),
    seal: (cell, plaintext) => keys.seal(cell, plaintext),
    open: (cell, sealed) => keys.open(cell, sealed),
  };
}

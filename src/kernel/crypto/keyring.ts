import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { isAppError } from "../errors.ts";
import { assertTenantId } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";
import {
  type KeyRecord,
  type KeyUse,
  parseKeyRecord,
  printKeyRecord,
  type RecordedKey,
} from "./key-record.ts";
import type { KeyStore } from "./key-store.ts";
import type { MasterKeys } from "./master-key.ts";
import { auditKeyOf, type TenantKeys, tenantKeys } from "./tenant-keys.ts";

/** The reserved id under which the installation's own secrets (signing keys) are sealed. No tenant has it. */
export const PLATFORM_ID = "00000000-0000-0000-0000-000000000000";

export type Keyring = {
  /** Makes keys for a tenant; does nothing when it has some. Throws `unreadable` after {@link destroy}. */
  create(tenantId: string): Promise<void>;
  /** The tenant's keys, from the cache when they are in it. Throws `unreadable` when it has none. */
  tenant(tenantId: string): Promise<TenantKeys>;
  /** The keys of the installation itself, made at the first call. */
  platform(): Promise<TenantKeys>;
  /** Whether the tenant has keys at this moment, whichever process made or destroyed them. */
  has(tenantId: string): boolean;
  /** Drops a tenant's keys from the cache; the next use loads them again. */
  forget(tenantId: string): void;
  /** Destroys a tenant's keys: at once for every handle in this process, at the next use in others. */
  destroy(tenantId: string): Promise<void>;
  /** Wraps a tenant's keys with the current master key. Resolves false when they already were, or are gone. */
  rewrap(tenantId: string): Promise<boolean>;
  /** Adds a data key, with which everything new is sealed, and resolves its version. */
  addDataKey(tenantId: string): Promise<number>;
  /** Says of data keys that nothing here names them any more, from `at` on. They still open what a backup brings back. */
  retireDataKeys(tenantId: string, versions: readonly number[], at: Date): Promise<void>;
  /** Lets retired keys go for good. Of those whose version is in `auditNeeds` the key of the audit column stays. */
  dropKeys(tenantId: string, versions: readonly number[], auditNeeds: readonly number[]): Promise<void>;
  /** A tenant's keys in clear, for its move to another installation. Whoever asks wipes them. */
  takeOut(tenantId: string): Promise<ClearKey[]>;
  /** Keeps the keys of a tenant that has moved here. Resolves false, and changes nothing, when it has or had some. */
  takeIn(tenantId: string, keys: readonly ClearKey[]): Promise<boolean>;
  /** Forgets keys of a tenant that has not come after all: they may be taken in again. */
  withdraw(tenantId: string): Promise<void>;
  /** What is recorded of a tenant's keys, without opening any; null when it has none. */
  look(tenantId: string): Promise<KeyRecord | null>;
  /** Every tenant that has keys, without the platform. */
  list(): Promise<string[]>;
  readonly masterKeys: MasterKeys;
  readonly store: KeyStore;
};

/** A key as it leaves an installation, and comes into another. */
export type ClearKey = Omit<RecordedKey, "wrapped"> & { readonly key: Buffer };

type Entry = {
  stamp: string;
  record: string;
  newest: number;
  keys: TenantKeys;
  openedAt: number;
  askedAt: number;
};

/** After a key service has failed, an entry that it should look at again rests so long. */
const REST_MS = 30_000;

/**
 * Opens the keyring. At most `maxTenants` (1,000) tenants are cached, as KeyObjects. Each use looks at the record's
 * stamp, so that another process's destroy, rewrap or new data key is noticed at once.
 */
export function openKeyring(options: {
  masterKeys: MasterKeys;
  store: KeyStore;
  maxTenants?: number;
  now?: () => number;
}): Keyring {
  const { masterKeys, store, maxTenants = 1000, now = Date.now } = options;
  const cache = new Map<string, Entry>(); // in order of use: the first is the next to go
  const loading = new Map<string, Promise<TenantKeys>>();
  // Ids are never used twice, so this only grows by the tenants that were shredded since the start.
  const destroyed = new Set<string>();

  function tenant(tenantId: string): Promise<TenantKeys> {
    const entry = cache.get(tenantId);
    if (entry && store.stamp(tenantId) === entry.stamp && !isDue(entry)) {
      cache.delete(tenantId);
      cache.set(tenantId, entry);
      return Promise.resolve(entry.keys);
    }
    let pending = loading.get(tenantId);
    if (!pending) {
      pending = load(tenantId).finally(() => loading.delete(tenantId));
      loading.set(tenantId, pending);
    }
    return pending;
  }

  const isDue = (entry: Entry) =>
    masterKeys.patience !== null && now() - entry.askedAt >= masterKeys.patience.recheckMs;

  async function load(tenantId: string): Promise<TenantKeys> {
    assertTenantId(tenantId);
    // Before the record: one that is replaced in between is looked at again.
    const stamp = store.stamp(tenantId);
    const record = destroyed.has(tenantId) ? null : await store.load(tenantId);
    const known = cache.get(tenantId);
    if (!record || stamp === null) {
      // Known here and gone there: another process destroyed it, and handles still held must die too.
      if (store.isDestroyed(tenantId)) destroyed.add(tenantId);
      cache.delete(tenantId);
      throw cryptoFailure("This tenant has no keys, or they were destroyed.");
    }
    const printed = printKeyRecord(record);
    const newest = record.keys.at(-1)?.version ?? 0;
    if (known && newest < known.newest) {
      throw cryptoFailure("A key file was set back to an older one: restore the newest copy of the keys.");
    }
    const { keys, openedAt } = await opened(record, printed, known);
    if (destroyed.has(tenantId)) throw cryptoFailure("The keys of this tenant were destroyed.");
    cache.delete(tenantId);
    cache.set(tenantId, { stamp, record: printed, newest, keys, openedAt, askedAt: now() });
    for (const oldest of cache.keys()) {
      if (cache.size <= maxTenants) break;
      cache.delete(oldest);
    }
    return keys;
  }

  /** What is open already serves on while the key service is away, for as long as its patience lasts. */
  async function opened(record: KeyRecord, printed: string, known: Entry | undefined) {
    if (known?.record === printed && !isDue(known)) return known;
    try {
      const keys = await unwrapAll(record);
      return { keys: known?.record === printed ? known.keys : keys, openedAt: now() };
    } catch (error) {
      const isAway = isAppError(error) && error.code === "keys_unavailable";
      const { keepMs, recheckMs } = masterKeys.patience ?? { keepMs: 0, recheckMs: 0 };
      const same = known?.record === printed;
      if (!isAway || !known || !same || now() - known.openedAt >= keepMs) throw error;
      known.askedAt = now() - recheckMs + REST_MS;
      return known;
    }
  }

  async function unwrapAll({ tenantId, keys }: KeyRecord): Promise<TenantKeys> {
    const byUse = { hash: new Map(), data: new Map(), old: new Map(), audit: new Map() } as Record<
      KeyUse,
      Map<number, KeyObject>
    >;
    for (const key of keys) byUse[key.use].set(key.version, await unwrapOne(tenantId, key));
    const hashKey = byUse.hash.get(1);
    const data = new Map([...byUse.old, ...byUse.data]);
    return tenantKeys(tenantId, data, () => destroyed.has(tenantId), undefined, {
      ...(hashKey ? { hashKey } : {}),
      auditKeys: byUse.audit,
    });
  }

  async function unwrapOne(tenantId: string, { use, version, wrapped }: RecordedKey): Promise<KeyObject> {
    const plain = await masterKeys.unwrap(wrapped, wrapContext(tenantId, version, use));
    if (plain.length !== 32) throw cryptoFailure("A data key has the wrong length.");
    const key = createSecretKey(plain);
    plain.fill(0);
    return key;
  }

  async function wrapOne(
    tenantId: string,
    use: KeyUse,
    version: number,
    plain: Buffer,
  ): Promise<RecordedKey> {
    try {
      return { use, version, wrapped: await masterKeys.wrap(plain, wrapContext(tenantId, version, use)) };
    } finally {
      plain.fill(0);
    }
  }

  async function create(tenantId: string): Promise<void> {
    assertTenantId(tenantId);
    if (destroyed.has(tenantId)) throw cryptoFailure("The keys of this tenant were destroyed.");
    const made = await keep(tenantId, async () => [
      await wrapOne(tenantId, "hash", 1, randomBytes(32)),
      await wrapOne(tenantId, "data", 1, randomBytes(32)),
    ]);
    if (!made && store.isDestroyed(tenantId)) throw cryptoFailure("The keys of this tenant were destroyed.");
  }

  /** Writes a first record, wrapped with what is current then. Resolves false when there is one, or was. */
  async function keep(tenantId: string, wrap: () => Promise<readonly RecordedKey[]>): Promise<boolean> {
    for (;;) {
      if ((await store.load(tenantId)) || store.isDestroyed(tenantId)) return false;
      const keys = await wrap();
      // A master key that was replaced between wrapping and writing may be taken away before anybody sees this file.
      const isStill = async () => {
        await masterKeys.refresh().catch(() => undefined); // a key service that is away has taken nothing away either
        return keys.every(({ wrapped }) => masterKeys.isCurrent(wrapped));
      };
      // Read once more before it is kept: order and uses must be such as we would have written.
      const record = parseKeyRecord(printKeyRecord({ tenantId, keys }));
      if (!(await store.create(record, isStill))) continue;
      // A rotation may have listed all records before this one was there, with a master key that is newer than its own.
      if (!(await isStill())) await rewrap(tenantId);
      return true;
    }
  }

  /** Changes a record as one step among all processes: made again when another one was faster. */
  async function change(
    tenantId: string,
    make: (record: KeyRecord) => Promise<readonly RecordedKey[] | null>,
  ): Promise<boolean> {
    for (;;) {
      const record = destroyed.has(tenantId) ? null : await store.load(tenantId);
      if (!record) throw cryptoFailure("This tenant has no keys, or they were destroyed.");
      const keys = await make(record);
      if (!keys) return false;
      if (await store.exchange(record, { tenantId, keys })) return true;
    }
  }

  async function rewrap(tenantId: string): Promise<boolean> {
    return change(tenantId, async ({ keys }) => {
      if (keys.every(({ wrapped }) => masterKeys.isCurrent(wrapped))) return null;
      const again: RecordedKey[] = [];
      for (const key of keys) {
        const context = wrapContext(tenantId, key.version, key.use);
        again.push(
          masterKeys.isCurrent(key.wrapped)
            ? key
            : { ...key, wrapped: await masterKeys.rewrap(key.wrapped, context) },
        );
      }
      return again;
    });
  }

  /** Of a file of format 1 the oldest data key stays what hashes come from. */
  async function withRoot(tenantId: string, keys: readonly RecordedKey[]): Promise<readonly RecordedKey[]> {
    const [oldest] = keys;
    if (!oldest || oldest.use === "hash") return keys;
    const plain = await masterKeys.unwrap(oldest.wrapped, wrapContext(tenantId, oldest.version, "data"));
    return [await wrapOne(tenantId, "hash", 1, plain), ...keys];
  }

  return {
    masterKeys,
    store,
    create,
    tenant,
    rewrap,
    has: (tenantId) => !destroyed.has(tenantId) && store.stamp(tenantId) !== null,
    look: (tenantId) => store.load(tenantId),
    async takeOut(tenantId) {
      const record = await store.load(tenantId);
      if (!record || tenantId === PLATFORM_ID)
        throw cryptoFailure("This tenant has no keys, or they were destroyed.");
      const keys: ClearKey[] = [];
      for (const { wrapped, ...key } of record.keys)
        keys.push({
          ...key,
          key: await masterKeys.unwrap(wrapped, wrapContext(tenantId, key.version, key.use)),
        });
      const [oldest] = keys;
      // Of a file of format 1 the oldest data key is what hashes come from.
      return oldest?.use === "data"
        ? [{ use: "hash", version: 1, key: Buffer.from(oldest.key) }, ...keys]
        : keys;
    },
    async takeIn(tenantId, keys) {
      assertTenantId(tenantId);
      if (tenantId === PLATFORM_ID || destroyed.has(tenantId)) return false;
      return keep(tenantId, async () => {
        const wrapped: RecordedKey[] = [];
        for (const { key, ...named } of keys)
          wrapped.push({
            ...named,
            ...(await wrapOne(tenantId, named.use, named.version, Buffer.from(key))),
          });
        return wrapped;
      });
    },
    async withdraw(tenantId) {
      assertTenantId(tenantId);
      if (tenantId === PLATFORM_ID) throw new TypeError("The keys of the installation are not a tenant's.");
      cache.delete(tenantId);
      await store.withdraw(tenantId);
    },
    async addDataKey(tenantId) {
      let version = 0;
      await change(tenantId, async ({ keys }) => {
        version = (keys.at(-1)?.version ?? 0) + 1;
        return [
          ...(await withRoot(tenantId, keys)),
          await wrapOne(tenantId, "data", version, randomBytes(32)),
        ];
      });
      return version;
    },
    async retireDataKeys(tenantId, versions, at) {
      await change(tenantId, async ({ keys }) => {
        const newest = keys.at(-1)?.version;
        const goes = (key: RecordedKey) =>
          key.use === "data" && key.version !== newest && versions.includes(key.version);
        if (!keys.some(goes)) return null;
        // The same key, wrapped in the same context: only what it is for has changed.
        return keys.map((key) =>
          goes(key)
            ? { use: "old", version: key.version, wrapped: key.wrapped, retired: at.toISOString() }
            : key,
        );
      });
    },
    async dropKeys(tenantId, versions, auditNeeds) {
      await change(tenantId, async ({ keys }) => {
        const kept: RecordedKey[] = [];
        for (const key of keys) {
          const goes = (key.use === "old" || key.use === "audit") && versions.includes(key.version);
          if (!goes) kept.push(key);
          else if (auditNeeds.includes(key.version)) {
            if (key.use === "audit") kept.push(key);
            else {
              const left = auditKeyOf(tenantId, await unwrapOne(tenantId, key)).export();
              kept.push(await wrapOne(tenantId, "audit", key.version, left));
            }
          }
        }
        return kept.length === keys.length && kept.every((key, i) => key === keys[i]) ? null : kept;
      });
    },
    async platform() {
      if (!cache.has(PLATFORM_ID)) await create(PLATFORM_ID);
      return tenant(PLATFORM_ID);
    },
    forget: (tenantId) => void cache.delete(tenantId),
    async destroy(tenantId) {
      assertTenantId(tenantId);
      if (tenantId === PLATFORM_ID) throw new TypeError("The keys of the installation are not a tenant's.");
      destroyed.add(tenantId);
      cache.delete(tenantId);
      await store.destroy(tenantId);
    },
    list: async () => (await store.list()).filter((id) => id !== PLATFORM_ID),
  };
}

/**
 * Names tenant, use and version, so that neither two tenants' files nor two keys in one file can be exchanged. That of
 * a data key is the same as in format 1, and stays when it is retired.
 */
export function wrapContext(tenantId: string, version: number, use: KeyUse = "data"): string {
  return `tenant ${tenantId} ${use === "data" || use === "old" ? "" : `${use} `}key ${version}`;
}

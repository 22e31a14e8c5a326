import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { assertTenantId } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";
import { type KeyRecord, type KeyStore, printKeyRecord } from "./key-store.ts";
import type { MasterKeys } from "./master-key.ts";
import { type TenantKeys, tenantKeys } from "./tenant-keys.ts";

/** The reserved id under which the installation's own secrets (signing keys) are sealed. No tenant has it. */
export const PLATFORM_ID = "00000000-0000-0000-0000-000000000000";

export type Keyring = {
  /** Makes a data key for a tenant; does nothing when it has one. Throws `unreadable` after {@link destroy}. */
  create(tenantId: string): Promise<void>;
  /** The tenant's keys, from the cache when they are in it. Throws `unreadable` when it has none. */
  tenant(tenantId: string): Promise<TenantKeys>;
  /** The keys of the installation itself, made at the first call. */
  platform(): Promise<TenantKeys>;
  /** Drops a tenant's keys from the cache; the next use loads them again. */
  forget(tenantId: string): void;
  /** Destroys a tenant's keys: at once for every handle in this process, within `recheckMs` in others. */
  destroy(tenantId: string): Promise<void>;
  /** Wraps a tenant's keys with the current master key. Resolves false when they already were. */
  rewrap(tenantId: string): Promise<boolean>;
  /** Every tenant that has keys, without the platform. */
  list(): Promise<string[]>;
};

type Entry = { record: string; keys: TenantKeys; checkedAt: number };

/**
 * Opens the keyring. At most `maxTenants` (1,000) tenants are cached, as KeyObjects; one that was not looked at in
 * the store for `recheckMs` (60,000) is compared with it, so that another process's destroy or rewrap is noticed.
 */
export function openKeyring(options: {
  masterKeys: MasterKeys;
  store: KeyStore;
  maxTenants?: number;
  recheckMs?: number;
  now?: () => number;
}): Keyring {
  const { masterKeys, store, maxTenants = 1000, recheckMs = 60_000, now = Date.now } = options;
  const cache = new Map<string, Entry>(); // in order of use: the first is the next to go
  const loading = new Map<string, Promise<TenantKeys>>();
  // Ids are never used twice, so this only grows by the tenants that were shredded since the start.
  const destroyed = new Set<string>();

  function tenant(tenantId: string): Promise<TenantKeys> {
    const entry = cache.get(tenantId);
    if (entry && now() - entry.checkedAt < recheckMs) {
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

  async function load(tenantId: string): Promise<TenantKeys> {
    assertTenantId(tenantId);
    const checkedAt = now();
    const record = destroyed.has(tenantId) ? null : await store.load(tenantId);
    const known = cache.get(tenantId);
    if (!record) {
      // Known here and gone there: another process destroyed it, and handles still held must die too.
      if (known) destroyed.add(tenantId);
      cache.delete(tenantId);
      throw cryptoFailure("This tenant has no keys, or they were destroyed.");
    }
    const printed = printKeyRecord(record);
    const keys = known?.record === printed ? known.keys : await unwrapAll(record);
    if (destroyed.has(tenantId)) throw cryptoFailure("The keys of this tenant were destroyed.");
    cache.delete(tenantId);
    cache.set(tenantId, { record: printed, keys, checkedAt });
    for (const oldest of cache.keys()) {
      if (cache.size <= maxTenants) break;
      cache.delete(oldest);
    }
    return keys;
  }

  async function unwrapAll({ tenantId, keys }: KeyRecord): Promise<TenantKeys> {
    const opened = new Map<number, KeyObject>();
    for (const { version, wrapped } of keys) {
      const plain = await masterKeys.unwrap(wrapped, wrapContext(tenantId, version));
      if (plain.length !== 32) throw cryptoFailure("A data key has the wrong length.");
      opened.set(version, createSecretKey(plain));
      plain.fill(0);
    }
    return tenantKeys(tenantId, opened, () => destroyed.has(tenantId));
  }

  async function create(tenantId: string): Promise<void> {
    assertTenantId(tenantId);
    if (destroyed.has(tenantId)) throw cryptoFailure("The keys of this tenant were destroyed.");
    if (await store.load(tenantId)) return;
    const plain = randomBytes(32);
    const wrapped = await masterKeys.wrap(plain, wrapContext(tenantId, 1));
    plain.fill(0);
    await store.create({ tenantId, keys: [{ version: 1, wrapped }] });
  }

  async function rewrap(tenantId: string): Promise<boolean> {
    const record = await store.load(tenantId);
    if (!record) throw cryptoFailure("This tenant has no keys, or they were destroyed.");
    if (record.keys.every(({ wrapped }) => wrapped.master === masterKeys.currentVersion)) return false;
    const keys: { version: number; wrapped: KeyRecord["keys"][number]["wrapped"] }[] = [];
    for (const { version, wrapped } of record.keys) {
      const context = wrapContext(tenantId, version);
      const plain = await masterKeys.unwrap(wrapped, context);
      keys.push({ version, wrapped: await masterKeys.wrap(plain, context) });
      plain.fill(0);
    }
    if (destroyed.has(tenantId)) throw cryptoFailure("The keys of this tenant were destroyed.");
    await store.replace({ tenantId, keys });
    // Destroyed while the file was written: the rename may have brought it back.
    if (destroyed.has(tenantId)) await store.destroy(tenantId);
    return true;
  }

  return {
    create,
    tenant,
    rewrap,
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

/** Names tenant and version, so that neither two tenants' files nor two versions in one file can be exchanged. */
export function wrapContext(tenantId: string, version: number): string {
  return `tenant ${tenantId} key ${version}`;
}

import { isUtf8 } from "node:buffer";
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from "node:crypto";
import { assertTenantId, assertWellFormed, joinParts, textBytes } from "./encoding.ts";
import { cryptoFailure } from "./failure.ts";

// Byte formats: FORMAT.md beside this file.

/** The place a sealed value belongs to. It opens there and nowhere else. */
export type Cell = {
  table: string;
  column: string;
  /** The row's primary key within the tenant; at most 256 bytes. */
  row: string;
  /** Give one (0 … 2^53-1) where putting back an older value of the same cell would do harm. */
  version?: number;
};

/** A tenant's keys in memory. Everything is synchronous; raw key bytes are never handed out. */
export type TenantKeys = {
  readonly tenantId: string;
  /** The version of the data key that new values are sealed with. */
  readonly keyVersion: number;
  /** Encrypts a value for one cell: 33 bytes longer than the plaintext. Throws TypeError for malformed text. */
  seal(cell: Cell, plaintext: Uint8Array | string): Buffer;
  /** Decrypts what {@link seal} made for the same cell; anything else throws `unreadable`. */
  open(cell: Cell, sealed: Uint8Array): Buffer;
  /** {@link open} for a value that was sealed as text. */
  openText(cell: Cell, sealed: Uint8Array): string;
  /** A keyed hash (32 bytes) for finding rows by an exact value. Normalise the value first; equal in, equal out. */
  lookup(purpose: string, value: string): Buffer;
  /** A 32-byte key for one purpose, the same for ever. Purposes are constants of the code, never ids or input. */
  subkey(purpose: string): KeyObject;
  /** What a part of the program needs that hashes and seals for one purpose and gets no other key: the search index. */
  purposeKeys(purpose: string): PurposeKeys;
  /** The key of one stored file. `salt` is 32 random bytes from its header; `keyVersion` defaults to the newest. */
  fileKey(salt: Uint8Array, name: string, keyVersion?: number): KeyObject;
};

/** Keys of one purpose: one for hashes, the same for ever, and one for sealing per version of the data key. */
export type PurposeKeys = { readonly hash: KeyObject; readonly data: ReadonlyMap<number, KeyObject> };

/** What there is beside data keys. */
export type MoreKeys = {
  /** The root of look-up hashes and subkeys; without one it is the oldest data key (files of format 1). */
  hashKey?: KeyObject;
  /** Of data keys that are gone, the one column key that is still needed: entries of the audit log never change. */
  auditKeys?: ReadonlyMap<number, KeyObject>;
};

/** The one cell whose key outlives its data key, for nobody may write it again. */
export const AUDIT_COLUMN = { table: "audit_entry", column: "content" } as const;

type Column = { keys: Map<number, KeyObject>; aadPrefix: Buffer };

const FORMAT = 1;
const HEADER_BYTES = 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;
const MAX_ROW_BYTES = 256;
const MAX_PREFIX_BYTES = 256;
// Associated data is put together here and used before the next call: no garbage for each cell, none kept per column.
const aad = Buffer.alloc(MAX_PREFIX_BYTES + 2 + MAX_ROW_BYTES + 10);

/**
 * Builds the keys of a tenant from its data keys by version. `isDestroyed` is asked at every use, so that a handle
 * somebody still holds dies with the keys. `nextNonce` is for fixed vectors only.
 */
export function tenantKeys(
  tenantId: string,
  dataKeys: ReadonlyMap<number, KeyObject>,
  isDestroyed: () => boolean = () => false,
  nextNonce: () => Uint8Array = randomNonce,
  { hashKey, auditKeys }: MoreKeys = {},
): TenantKeys {
  assertTenantId(tenantId);
  const versions = [...dataKeys.keys()].sort((a, b) => a - b);
  const [oldest, newest] = [versions[0], versions.at(-1)];
  if (oldest === undefined || newest === undefined) throw cryptoFailure("A tenant has no data key.");
  const root = hashKey ?? (dataKeys.get(oldest) as KeyObject);
  // Two levels instead of a joined string: a lookup on the hot path then makes no garbage and has no ambiguity.
  const tables = new Map<string, Map<string, Column>>();
  const subkeys = new Map<string, KeyObject>();
  const purposes = new Map<string, PurposeKeys>();

  function dataKeyOf(version: number): KeyObject {
    const dataKey = dataKeys.get(version);
    if (!dataKey) throw cryptoFailure("Sealed with a data key version that this tenant does not have.");
    return dataKey;
  }

  function derive(from: KeyObject, salt: Uint8Array | string, ...info: string[]): KeyObject {
    if (isDestroyed()) throw cryptoFailure("The keys of this tenant were destroyed.");
    return hkdfKey(from, salt, ...info);
  }

  function column(cell: Cell): Column {
    let columns = tables.get(cell.table);
    if (!columns) {
      columns = new Map();
      tables.set(cell.table, columns);
    }
    let found = columns.get(cell.column);
    if (!found) {
      const aadPrefix = joinParts("vouchsafe/cell/1", tenantId, cell.table, cell.column);
      if (aadPrefix.length > MAX_PREFIX_BYTES) throw new TypeError("A table or column name is too long.");
      found = { keys: new Map(), aadPrefix };
      columns.set(cell.column, found);
    }
    return found;
  }

  function columnKey(cell: Cell, found: Column, version: number): KeyObject {
    if (isDestroyed()) throw cryptoFailure("The keys of this tenant were destroyed.");
    let key = found.keys.get(version);
    if (!key) {
      const kept = isAuditColumn(cell) ? auditKeys?.get(version) : undefined;
      key = kept ?? derive(dataKeyOf(version), "", ...cellInfo(tenantId, cell));
      found.keys.set(version, key);
    }
    return key;
  }

  function seal(cell: Cell, plaintext: Uint8Array | string): Buffer {
    const found = column(cell);
    const bytes = typeof plaintext === "string" ? textBytes(plaintext) : plaintext;
    const nonce = nextNonce();
    const cipher = createCipheriv("aes-256-gcm", columnKey(cell, found, newest as number), nonce);
    cipher.setAAD(cellAad(found, cell));
    const body = cipher.update(bytes);
    cipher.final();
    const sealed = Buffer.allocUnsafe(OVERHEAD + body.length);
    sealed[0] = FORMAT;
    sealed.writeUInt32BE(newest as number, 1);
    sealed.set(nonce, HEADER_BYTES);
    sealed.set(body, HEADER_BYTES + NONCE_BYTES);
    sealed.set(cipher.getAuthTag(), HEADER_BYTES + NONCE_BYTES + body.length);
    return sealed;
  }

  function open(cell: Cell, sealed: Uint8Array): Buffer {
    const end = sealed.length - TAG_BYTES;
    if (sealed.length < OVERHEAD || sealed[0] !== FORMAT) throw cryptoFailure("Not a sealed value.");
    const found = column(cell);
    const version = readUInt32(sealed, 1);
    const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const cipher = createDecipheriv("aes-256-gcm", columnKey(cell, found, version), nonce);
    cipher.setAAD(cellAad(found, cell));
    cipher.setAuthTag(sealed.subarray(end));
    const body = cipher.update(sealed.subarray(HEADER_BYTES + NONCE_BYTES, end));
    try {
      cipher.final();
    } catch (cause) {
      body.fill(0);
      throw cryptoFailure("A sealed value was changed, or belongs to another cell.", cause);
    }
    return body;
  }

  function openText(cell: Cell, sealed: Uint8Array): string {
    const bytes = open(cell, sealed);
    if (!isUtf8(bytes)) throw cryptoFailure("A sealed value is not text.");
    return bytes.toString("utf8");
  }

  function cached(label: string, purpose: string): KeyObject {
    const id = label + purpose;
    let key = subkeys.get(id);
    if (!key) {
      // Not from the newest data key: hashes already stored stay good when one is added or goes.
      key = derive(root, "", label, tenantId, purpose);
      subkeys.set(id, key);
    } else if (isDestroyed()) throw cryptoFailure("The keys of this tenant were destroyed.");
    return key;
  }

  return {
    tenantId,
    keyVersion: newest,
    seal,
    open,
    openText,
    lookup(purpose, value) {
      assertWellFormed(value);
      return createHmac("sha256", cached("vouchsafe/lookup/1", purpose)).update(value, "utf8").digest();
    },
    subkey: (purpose) => cached("vouchsafe/subkey/1", purpose),
    purposeKeys(purpose) {
      const hash = cached("vouchsafe/subkey/1", purpose);
      let found = purposes.get(purpose);
      if (!found) {
        const data = versions.map(
          (version) =>
            [version, derive(dataKeyOf(version), "", "vouchsafe/subkey/1", tenantId, purpose)] as const,
        );
        found = { hash, data: new Map(data) };
        purposes.set(purpose, found);
      }
      return found;
    },
    fileKey(salt, name, keyVersion = newest) {
      if (salt.length !== 32) throw new TypeError("The salt of a file is 32 bytes.");
      return derive(dataKeyOf(keyVersion), salt, "vouchsafe/file/1", tenantId, name);
    },
  };
}

/** What remains of a data key that goes: the key of the audit column, from which nothing else can be derived. */
export function auditKeyOf(tenantId: string, dataKey: KeyObject): KeyObject {
  return hkdfKey(dataKey, "", ...cellInfo(tenantId, AUDIT_COLUMN));
}

/** The version of the data key that a sealed value names, or null for what is none. */
export function sealedVersion(sealed: Uint8Array): number | null {
  return sealed.length < OVERHEAD || sealed[0] !== FORMAT ? null : readUInt32(sealed, 1);
}

const isAuditColumn = ({ table, column }: Pick<Cell, "table" | "column">) =>
  table === AUDIT_COLUMN.table && column === AUDIT_COLUMN.column;

const cellInfo = (tenantId: string, { table, column }: Pick<Cell, "table" | "column">) =>
  ["vouchsafe/cell/1", tenantId, table, column] as const;

function hkdfKey(from: KeyObject, salt: Uint8Array | string, ...info: string[]): KeyObject {
  const bytes = Buffer.from(hkdfSync("sha256", from, salt, joinParts(...info), 32));
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** The associated data of a cell: a view of the scratch buffer, good until the next call. */
function cellAad({ aadPrefix }: Column, { row, version }: Cell): Buffer {
  assertWellFormed(row);
  // A UTF-16 unit is at most 3 bytes, so that an ordinary id needs no counting.
  if (row.length * 3 > MAX_ROW_BYTES && Buffer.byteLength(row) > MAX_ROW_BYTES) {
    throw new TypeError("A row id is over 256 bytes.");
  }
  aad.set(aadPrefix);
  let at = aadPrefix.length;
  const rowBytes = aad.write(row, at + 2, "utf8");
  aad[at] = rowBytes >> 8;
  aad[at + 1] = rowBytes & 0xff;
  at += 2 + rowBytes;
  aad[at] = 0;
  if (version === undefined) {
    aad[at + 1] = 0;
    return aad.subarray(0, at + 2);
  }
  if (!Number.isSafeInteger(version) || version < 0) throw new TypeError("A cell version is a whole number.");
  aad[at + 1] = 8;
  aad.writeUInt32BE(Math.floor(version / 2 ** 32), at + 2);
  aad.writeUInt32BE(version % 2 ** 32, at + 6);
  return aad.subarray(0, at + 10);
}

function readUInt32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

// One call for random bytes costs as much as the encryption of a small cell, so nonces are drawn 1,024 at a time.
const nonces = new Uint8Array(NONCE_BYTES * 1024);
let nextNonceAt = nonces.length;

function randomNonce(): Uint8Array {
  if (nextNonceAt === nonces.length) {
    randomFillSync(nonces);
    nextNonceAt = 0;
  }
  nextNonceAt += NONCE_BYTES;
  return nonces.subarray(nextNonceAt - NONCE_BYTES, nextNonceAt);
}

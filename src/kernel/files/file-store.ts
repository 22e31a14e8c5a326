import type { Readable } from "node:stream";
import type { TenantKeys } from "../crypto/tenant-keys.ts";

/** What is known of a stored file. */
export type StoredFile = {
  /** 32 lower-case hexadecimal digits, random: the only way to name the file. */
  name: string;
  /** Length of the content in clear. */
  bytes: number;
  /** HMAC-SHA256 of the content under the tenant's key: equal for equal content of one tenant. */
  sha256Keyed: Buffer;
};

/** Encrypted files. Format: FORMAT.md in kernel/crypto. */
export type FileStore = {
  /**
   * Encrypts and stores a stream with flat memory; the file exists, durably, once this resolves, and not before.
   * Over `maxBytes` it stops reading the source (which destroys a stream), leaves no file and throws `too_large`.
   * With too little room left on the disk it throws `disk_full` before it reads anything.
   */
  put(
    keys: TenantKeys,
    source: Readable | AsyncIterable<Uint8Array>,
    opts?: { maxBytes?: number },
  ): Promise<StoredFile>;
  /**
   * The content in clear, from `start` up to but without `end` (as in slice; beyond the end is clamped). A changed,
   * truncated, missing or foreign file throws `unreadable` here or as the stream's error; the stream never just ends
   * early. Consume or destroy the stream: it holds a file open.
   */
  open(keys: TenantKeys, name: string, opts?: { start?: number; end?: number }): Promise<Readable>;
  /** Resolves false when there was none. */
  remove(name: string): Promise<boolean>;
  exists(name: string): Promise<boolean>;
  /** The version of the data key that the file names in its header. A missing or malformed file throws `unreadable`. */
  keyVersion(name: string): Promise<number>;
  /** A file as it is stored, encrypted, for a backup; null when there is none. Consume or destroy the stream. */
  sealed(name: string): Promise<{ bytes: number; content: Readable } | null>;
  /** Puts back what {@link FileStore.sealed} gave, durably, whole or not at all. What is there stays as it is. */
  putSealed(name: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Removes what a crash left behind and is older than `olderThanMs`: unfinished writes, and files of which
   * `isKnown`, asked for a list of names, returns no mention. The age must exceed the longest upload and transaction.
   */
  sweep(
    isKnown: (names: readonly string[]) => Promise<Iterable<string>>,
    olderThanMs: number,
  ): Promise<{ unfinished: number; orphans: number }>;
};

/** Throws TypeError unless the name is one that `put` could have made. This is the check against path traversal. */
export function assertFileName(name: string): void {
  if (typeof name !== "string" || !FILE_NAME.test(name))
    throw new TypeError("Not the name of a stored file.");
}

export const FILE_NAME = /^[0-9a-f]{32}$/;

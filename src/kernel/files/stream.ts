import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from "node:crypto";
import { cryptoFailure } from "../crypto/failure.ts";
import type { TenantKeys } from "../crypto/tenant-keys.ts";

// The encrypted file of crypto/FORMAT.md: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM.

/** Content per chunk; only the last one may be shorter. */
export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

const MAGIC = Buffer.from("vsfile\0\x01", "latin1"); // the last byte is the format's version
const SALT_BYTES = 32;
const PREFIX_BYTES = 7;
export const HEADER_BYTES = MAGIC.length + 4 + SALT_BYTES + PREFIX_BYTES;
const MAX_CHUNKS = 2 ** 32;

/** Encrypts one file as its content arrives. `random` is for fixed vectors only: 39 bytes, salt and nonce prefix. */
export function createEncrypter(
  keys: TenantKeys,
  name: string,
  random: Buffer = randomBytes(SALT_BYTES + PREFIX_BYTES),
) {
  const keyVersion = Buffer.alloc(4);
  keyVersion.writeUInt32BE(keys.keyVersion);
  const header = Buffer.concat([MAGIC, keyVersion, random]);
  const key = keys.fileKey(random.subarray(0, SALT_BYTES), name, keys.keyVersion);
  const nonceOf = chunkNonces(random.subarray(SALT_BYTES));
  const hash = createHmac("sha256", keys.subkey("file-content"));
  const held = Buffer.alloc(CHUNK_BYTES);
  const sealed = Buffer.alloc(SEALED_CHUNK_BYTES);
  let heldBytes = 0;
  let index = 0;

  function sealChunk(content: Uint8Array, last: boolean): Buffer {
    const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index++, last));
    const body = cipher.update(content);
    cipher.final();
    sealed.set(body);
    sealed.set(cipher.getAuthTag(), body.length);
    return sealed.subarray(0, body.length + TAG_BYTES);
  }

  return {
    header,
    /**
     * The chunks that are complete; each is good until the next is asked for. A full one is held back until more
     * arrives, for it might be the last.
     */
    *update(piece: Uint8Array): Generator<Buffer> {
      hash.update(piece);
      for (let at = 0; at < piece.length; ) {
        if (heldBytes === CHUNK_BYTES) {
          yield sealChunk(held, false);
          heldBytes = 0;
        }
        const taken = Math.min(piece.length - at, CHUNK_BYTES - heldBytes);
        held.set(piece.subarray(at, at + taken), heldBytes);
        heldBytes += taken;
        at += taken;
      }
    },
    /** The last chunk and the keyed hash of all content. */
    final(): { chunk: Buffer; sha256Keyed: Buffer } {
      const chunk = sealChunk(held.subarray(0, heldBytes), true);
      held.fill(0);
      return { chunk, sha256Keyed: hash.digest() };
    },
  };
}

/** Number of chunks and length of the content in a stored file of `size` bytes. Throws `unreadable` if impossible. */
export function sealedLayout(size: number): { chunks: number; bytes: number } {
  const sealed = size - HEADER_BYTES;
  const chunks = Math.ceil(sealed / SEALED_CHUNK_BYTES);
  const lastBytes = sealed - (chunks - 1) * SEALED_CHUNK_BYTES - TAG_BYTES;
  // Only an empty file has an empty last chunk: one content, one encoding.
  if (chunks < 1 || lastBytes < 0 || (lastBytes === 0 && chunks > 1)) {
    throw cryptoFailure("A stored file has an impossible length.");
  }
  return { chunks, bytes: sealed - chunks * TAG_BYTES };
}

/** The version of the data key that a header names. */
export function keyVersionOf(header: Buffer): number {
  if (header.length !== HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw cryptoFailure("Not an encrypted file of a known format.");
  }
  return header.readUInt32BE(MAGIC.length);
}

/** Reads a header and decrypts single chunks of the file. Throws `unreadable` for anything that is not authentic. */
export function openDecrypter(keys: TenantKeys, name: string, header: Buffer) {
  const keyVersion = keyVersionOf(header);
  const saltAt = MAGIC.length + 4;
  const salt = header.subarray(saltAt, saltAt + SALT_BYTES);
  const key: KeyObject = keys.fileKey(salt, name, keyVersion);
  const nonceOf = chunkNonces(header.subarray(saltAt + SALT_BYTES));
  return {
    openChunk(index: number, last: boolean, sealed: Buffer): Buffer {
      const cipher = createDecipheriv("aes-256-gcm", key, nonceOf(index, last));
      cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const content = cipher.update(sealed.subarray(0, -TAG_BYTES));
      try {
        cipher.final();
      } catch (cause) {
        content.fill(0);
        throw cryptoFailure("A stored file was changed, cut, or belongs to another name or tenant.", cause);
      }
      return content;
    },
  };
}

/** Nonce of a chunk: the file's prefix (7), the chunk's number (4, big-endian), 1 for the last chunk, else 0. */
function chunkNonces(prefix: Uint8Array): (index: number, last: boolean) => Buffer {
  const nonce = Buffer.alloc(PREFIX_BYTES + 5);
  nonce.set(prefix);
  return (index, last) => {
    // A number used twice would repeat a nonce.
    if (index >= MAX_CHUNKS) throw cryptoFailure("A file has too many chunks.");
    nonce.writeUInt32BE(index, PREFIX_BYTES);
    nonce[PREFIX_BYTES + 4] = last ? 1 : 0;
    return nonce;
  };
}

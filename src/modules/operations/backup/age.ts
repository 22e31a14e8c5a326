import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { reveal, type Secret, secret } from "../../../kernel/secret.ts";
import { bytesOf } from "./bytes.ts";
import { backupFailure } from "./failure.ts";

// age-encryption.org/v1. The header (recipients, identities) is the library's; the payload is written here, by OpenSSL:
// the library's own cipher is JavaScript and takes ten times as long. FORMAT.md says how; the `age` program reads it.

const CHUNK = 64 * 1024;
const TAG = 16;
const NONCE = 16;
/** A header for a hundred recipients has less. */
const LONGEST_HEADER = 256 * 1024;

/** Encrypts a stream for all of the recipients, with flat memory. */
export async function* encryptFor(
  recipients: readonly string[],
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const { header, fileKey } = await newHeader(recipients);
  const nonce = randomBytes(NONCE);
  const key = streamKey(fileKey, nonce);
  fileKey.fill(0);
  yield Buffer.concat([header, nonce]);
  const counter = Buffer.alloc(12);
  let plain = Buffer.allocUnsafe(CHUNK);
  let used = 0;
  // Body and tag by themselves: whoever stores them puts them into larger pieces anyway.
  const sealed = (last: boolean): [Buffer, Buffer] => {
    counter[11] = last ? 1 : 0;
    const cipher = createCipheriv("chacha20-poly1305", key, counter, { authTagLength: TAG });
    const body = cipher.update(plain.subarray(0, used));
    cipher.final();
    increment(counter);
    used = 0;
    return [body, cipher.getAuthTag()];
  };
  for await (let piece of source) {
    while (piece.length > 0) {
      // A full chunk waits until there is more: the last one is marked, and is empty only in an empty file.
      if (used === CHUNK) yield* sealed(false);
      const taken = Math.min(piece.length, CHUNK - used);
      plain.set(piece.subarray(0, taken), used);
      used += taken;
      piece = piece.subarray(taken);
    }
  }
  yield* sealed(true);
  plain.fill(0);
  plain = Buffer.alloc(0);
}

/** Decrypts with the first identity that opens it. Throws `wrong_key`, and `damaged` for what was cut off or changed. */
export async function* decryptWith(
  identities: readonly Secret[],
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const bytes = bytesOf(source);
  try {
    const { header, rest } = await readHeader(bytes);
    const fileKey = Buffer.from(await openHeader(identities, header));
    const payload = bytesOf(prepend(rest, bytes));
    const nonce = Buffer.from(await payload.take(NONCE));
    if (nonce.length < NONCE) throw damaged();
    const key = streamKey(fileKey, nonce);
    fileKey.fill(0);
    const counter = Buffer.alloc(12);
    let chunk = Buffer.from(await payload.take(CHUNK + TAG));
    for (let first = true; ; first = false) {
      const next =
        chunk.length === CHUNK + TAG ? Buffer.from(await payload.take(CHUNK + TAG)) : Buffer.alloc(0);
      const last = next.length === 0;
      if (chunk.length < TAG || (last && !first && chunk.length === TAG)) throw damaged();
      counter[11] = last ? 1 : 0;
      yield openChunk(key, counter, chunk);
      if (last) return;
      increment(counter);
      chunk = next;
    }
  } finally {
    await bytes.close();
  }
}

/** An identity, and its recipient. Post-quantum, unless one of those that it stands beside is not: age mixes none. */
export async function newIdentity(
  beside: readonly string[],
): Promise<{ identity: Secret; recipient: string }> {
  const identity = beside.some(isPostQuantum)
    ? await generateHybridIdentity()
    : await generateX25519Identity();
  return { identity: secret(identity), recipient: await identityToRecipient(identity) };
}

export const isPostQuantum = (recipient: string): boolean => recipient.startsWith("age1pq1");

/** What is wrong with a list of recipients, in words that follow the setting's name; null when nothing is. */
export async function problemOf(recipients: readonly string[]): Promise<string | null> {
  if (recipients.some(isPostQuantum) && !recipients.every(isPostQuantum))
    return "mixes post-quantum recipients (age1pq1…) with others: the weaker would open everything";
  for (const recipient of recipients) {
    try {
      await newHeader([recipient]);
    } catch {
      return "holds something that is no age recipient (age1…)";
    }
  }
  return null;
}

/** How a recipient is shown: enough of it to tell two apart. */
export const fingerprintOf = (recipient: string): string =>
  `${recipient.slice(0, 10)}…${createHash("sha256").update(recipient).digest("hex").slice(0, 8)}`;

/** Identities as `age-keygen` writes them: a line each, and comments. Throws `wrong_key` for anything else. */
export function parseIdentities(text: string): Secret[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const found = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (found.length === 0 || !found.every((line) => /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+$/.test(line)))
    throw backupFailure("wrong_key", "This file holds no age identity (AGE-SECRET-KEY-1…).");
  return found.map((line) => secret(line));
}

async function newHeader(recipients: readonly string[]): Promise<{ header: Buffer; fileKey: Buffer }> {
  let fileKey = Buffer.alloc(0);
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // A recipient that takes the file key and leaves nothing in the header: the library's own way to get at it.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Buffer.from(key);
      return [];
    },
  });
  // Header, nonce, and one empty chunk.
  const empty = Buffer.from(await encrypter.encrypt(new Uint8Array()));
  return { header: empty.subarray(0, empty.length - NONCE - TAG), fileKey };
}

async function openHeader(identities: readonly Secret[], header: Buffer): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(reveal(identity));
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : "";
    if (words.includes("no identity matched"))
      throw backupFailure("wrong_key", "None of the identities opens this backup.", cause);
    throw damaged(cause);
  }
}

/** Up to and with the line that begins with `---`, which ends it. */
async function readHeader(bytes: ReturnType<typeof bytesOf>): Promise<{ header: Buffer; rest: Buffer }> {
  let read = Buffer.alloc(0);
  for (;;) {
    const mac = read.indexOf("\n--- ");
    const end = mac < 0 ? -1 : read.indexOf("\n", mac + 1);
    if (end >= 0) return { header: read.subarray(0, end + 1), rest: read.subarray(end + 1) };
    const piece = await bytes.some(4096);
    if (piece.length === 0 || read.length > LONGEST_HEADER) throw damaged();
    read = Buffer.concat([read, piece]);
  }
}

async function* prepend(first: Buffer, rest: ReturnType<typeof bytesOf>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (;;) {
    const piece = await rest.some(CHUNK);
    if (piece.length === 0) return;
    yield piece;
  }
}

function openChunk(key: Buffer, counter: Buffer, chunk: Buffer): Buffer {
  const cipher = createDecipheriv("chacha20-poly1305", key, counter, { authTagLength: TAG });
  cipher.setAuthTag(chunk.subarray(-TAG));
  const plain = cipher.update(chunk.subarray(0, -TAG));
  try {
    cipher.final();
  } catch (cause) {
    plain.fill(0);
    throw damaged(cause);
  }
  return plain;
}

const streamKey = (fileKey: Buffer, nonce: Buffer): Buffer =>
  Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));

/** Bytes 0 to 10 count the chunks; byte 11 marks the last. */
function increment(counter: Buffer): void {
  for (let at = 10; at >= 0; at--) {
    counter[at] = ((counter[at] ?? 0) + 1) & 0xff;
    if (counter[at] !== 0) return;
  }
}

const damaged = (cause?: unknown) =>
  backupFailure("damaged", "This backup was cut off or changed: it cannot be read to its end.", cause);

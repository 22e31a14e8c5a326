import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

// `vsk_`, 256 random bits as 43 characters of base 62, and the CRC-32 of what stands before it as six more: secret
// scanners recognise the beginning and can tell a real key from a look-alike without asking us.

const BEGINNING = "vsk_";
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SHAPE = /^vsk_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/;

export interface ApiKey {
  /** Shown once, never stored. */
  readonly key: string;
  /** SHA-256, 32 bytes: what is stored. With 256 random bits in the key, a slow hash would add nothing. */
  readonly hash: Buffer;
  /** The beginning, by which its owner knows it again. */
  readonly prefix: string;
}

export function newApiKey(random: Buffer = randomBytes(32)): ApiKey {
  const body = BEGINNING + base62(BigInt(`0x${random.toString("hex")}`), 43);
  return describe(body + checksumOf(body));
}

/** null for what was never a key of ours: another shape, or a checksum that is not right. */
export function readApiKey(text: string): ApiKey | null {
  if (!SHAPE.test(text) || checksumOf(text.slice(0, -6)) !== text.slice(-6)) return null;
  return describe(text);
}

const describe = (key: string): ApiKey => ({
  key,
  hash: createHash("sha256").update(key).digest(),
  prefix: key.slice(0, 10),
});

const checksumOf = (body: string): string => base62(BigInt(crc32(body)), 6);

function base62(value: bigint, length: number): string {
  let rest = value;
  let text = "";
  for (let i = 0; i < length; i++) {
    text = DIGITS[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}

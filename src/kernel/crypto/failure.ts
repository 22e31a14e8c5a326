/** What every failed decryption, unknown key version or malformed ciphertext looks like to a caller. */
export type CryptoFailure = Error & { code: "unreadable" };

/**
 * Makes the error for ciphertext that cannot be read. `reason` is for the log: it names what was wrong,
 * never a key, a plaintext or a ciphertext. One code for every cause, so that an answer tells an attacker nothing.
 */
export function cryptoFailure(reason: string, cause?: unknown): CryptoFailure {
  const error = cause === undefined ? new Error(reason) : new Error(reason, { cause });
  return Object.assign(error, { code: "unreadable" as const });
}

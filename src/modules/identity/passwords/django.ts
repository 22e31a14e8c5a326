/** PBKDF2 with SHA-256 (RFC 8018) as Django writes it: `pbkdf2_sha256$iterations$salt$hash`, the hash in base64. */
export interface DjangoHash {
  readonly iterations: number;
  /** Django uses the salt's characters as they are. */
  readonly salt: string;
  readonly tag: Buffer;
}

const MOST_ITERATIONS = 2_000_000;
const FORM = /^pbkdf2_sha256\$([1-9]\d{0,6})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]{43}=)$/;

/** Throws for anything else, and beyond two million iterations: a hash that was brought along must not stop the server. */
export function parseDjango(text: string): DjangoHash {
  const [, iterations, salt, tag] = FORM.exec(text) ?? [];
  if (!salt || !tag || Number(iterations) > MOST_ITERATIONS)
    throw new Error("not a pbkdf2_sha256 hash of at most 2,000,000 iterations");
  return { iterations: Number(iterations), salt, tag: Buffer.from(tag, "base64") };
}

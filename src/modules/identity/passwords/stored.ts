import { type Bcrypt, COST, parseBcrypt } from "./bcrypt.ts";
import { type DjangoHash, parseDjango } from "./django.ts";
import { PARAMETERS, type Phc, parsePhc } from "./phc.ts";

/** With what new passwords are hashed, chosen by `VOUCHSAFE_PASSWORD_HASH`. */
export type Algorithm = "argon2id" | "bcrypt";

/** A stored hash, read strictly: every parameter is within what a sign-in can afford. */
export type Stored =
  | ({ readonly kind: "argon2id" } & Phc)
  | ({ readonly kind: "bcrypt" } & Bcrypt)
  | ({ readonly kind: "pbkdf2-sha256" } & DjangoHash);

/** Throws for what is none of the three forms. */
export function parseStored(text: string): Stored {
  if (text.startsWith("$argon2id$")) return { kind: "argon2id", ...parsePhc(text) };
  if (text.startsWith("$2")) return { kind: "bcrypt", ...parseBcrypt(text) };
  if (text.startsWith("pbkdf2_sha256$")) return { kind: "pbkdf2-sha256", ...parseDjango(text) };
  throw new Error("neither argon2id in PHC form, nor bcrypt, nor Django's PBKDF2");
}

/** A hash from elsewhere in the form in which it is kept. Throws for what is none that can be verified here. */
export function keptForm(text: string): string {
  const stored = parseStored(text);
  return stored.kind === "bcrypt" ? `$2y$${text.slice(4)}` : text;
}

/** Whether a hash is to be replaced once the password is at hand: of another kind, or weaker than new ones are. */
export function isOutdated(text: string, algorithm: Algorithm): boolean {
  const stored = parseStored(text);
  if (stored.kind !== algorithm) return true;
  if (stored.kind === "bcrypt") return !stored.folded || stored.cost < COST;
  return (
    stored.memory < PARAMETERS.memory ||
    stored.passes < PARAMETERS.passes ||
    stored.salt.length < 16 ||
    stored.tag.length < 32
  );
}

/**
 * What verifying a hash costs, as text: hashes of one cost take alike long. Iterations are rounded up to the next
 * hundred thousand, so that there are few.
 */
export function costOf(text: string): string {
  const stored = parseStored(text);
  if (stored.kind === "bcrypt") return `bcrypt-${stored.cost}`;
  if (stored.kind === "pbkdf2-sha256") return `pbkdf2-${Math.ceil(stored.iterations / 100_000) * 100_000}`;
  return `argon2id-${stored.memory}-${stored.passes}-${stored.parallelism}`;
}

/** A hash of this cost that no password is known for; null for a text that names none. */
export function nobodysOf(cost: string): string | null {
  const [kind, first, second, third] = cost.split("-");
  const text =
    kind === "bcrypt"
      ? `$2b$${String(first).padStart(2, "0")}$JWq1UTAvWkbBOFZH1T2YcevG0mX3mJ9rJYV0QxJ8m0m3n0b0Z1B6q`
      : kind === "pbkdf2"
        ? `pbkdf2_sha256$${first}$JWq1UTAvWkbBOFZH1T2Ycg$G0mX3mJ9rJYV0QxJ8m0m3n0b0Z1B6q2n8l0a9qVYw1I=`
        : `$argon2id$v=19$m=${first},t=${second},p=${third}$JWq1UTAvWkbBOFZH1T2Ycg$G0mX3mJ9rJYV0QxJ8m0m3n0b0Z1B6q2n8l0a9qVYw1I`;
  try {
    parseStored(text);
    return text;
  } catch {
    return null;
  }
}

import { createHash } from "node:crypto";

export type Random = {
  /** A whole number from 0 up to, not including, `below`. */
  int: (below: number) => number;
  pick: <T>(from: readonly T[]) => T | undefined;
  hex: (length: number) => string;
};

/** Numbers that depend on the seed alone (SHA-256 in counter mode): a run can be repeated. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  let pool = Buffer.alloc(0);
  const word = () => {
    if (pool.length < 4) pool = createHash("sha256").update(`${seed}\0${counter++}`).digest();
    const value = pool.readUInt32BE(0);
    pool = pool.subarray(4);
    return value;
  };
  const int = (below: number) => word() % below;
  return {
    int,
    pick: (from) => from[int(from.length)],
    hex: (length) => Array.from({ length }, () => int(16).toString(16)).join(""),
  };
}

/**
 * An identifier of the same shape as a real one that names nothing. The first 8 characters stay, so that a
 * UUIDv7 keeps a plausible time; dashes, version and variant of a UUID stay too.
 */
export function unusedLike(id: string, random: Random): string {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{12}$/i.test(id);
  return [...id]
    .map((char, i) => {
      if ((i < 8 && id.length > 12) || (uuid && (i === 14 || i === 19))) return char;
      if (uuid && char !== "-") return random.hex(1);
      if (/[0-9]/.test(char)) return String(random.int(10));
      if (/[a-z]/.test(char)) return String.fromCharCode(97 + random.int(26));
      if (/[A-Z]/.test(char)) return String.fromCharCode(65 + random.int(26));
      return char;
    })
    .join("");
}

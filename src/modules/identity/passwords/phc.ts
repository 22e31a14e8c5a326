/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB (in KiB), two passes, one lane. */
export const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const;

export interface Phc {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const FORM =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** Prints a hash in the PHC string format; base64 without padding. */
export function printPhc({ memory, passes, parallelism, salt, tag }: Phc): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

// What one sign-in may take, wherever the hash came from: 64 MiB, ten passes, four lanes.
const MOST = { memory: 65_536, passes: 10, parallelism: 4 };

/** Throws for anything but an argon2id hash of version 19 that a sign-in can afford. */
export function parsePhc(text: string): Phc {
  const [, m, t, p, salt, tag] = FORM.exec(text) ?? [];
  const phc = {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt ?? "", "base64"),
    tag: Buffer.from(tag ?? "", "base64"),
  };
  const fits =
    phc.memory <= MOST.memory &&
    phc.passes >= 1 &&
    phc.passes <= MOST.passes &&
    phc.parallelism >= 1 &&
    phc.parallelism <= MOST.parallelism &&
    // RFC 9106 section 3.1.
    phc.memory >= 8 * phc.parallelism &&
    phc.salt.length >= 8;
  if (!salt || !tag || !fits) throw new Error("not an argon2id hash in PHC form");
  return phc;
}

const unpadded = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

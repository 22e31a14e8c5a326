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

/** Throws for anything but an argon2id hash of version 19. */
export function parsePhc(text: string): Phc {
  const [, m, t, p, salt, tag] = FORM.exec(text) ?? [];
  if (!salt || !tag) throw new Error("not an argon2id hash in PHC form");
  return {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

const unpadded = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

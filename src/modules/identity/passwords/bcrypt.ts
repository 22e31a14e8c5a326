/** OWASP Password Storage Cheat Sheet: at least 10; what the configuration can choose for new hashes is 12. */
export const COST = 12;
/** Of more bytes than these bcrypt sees nothing. */
export const MOST_BYTES = 72;

const LEAST_COST = 4;
// Two seconds of a processor, beyond which a hash from elsewhere would keep everybody else waiting.
const MOST_COST = 13;

export interface Bcrypt {
  readonly cost: number;
  /**
   * Whether the password was brought into one spelling before it was hashed. Ours are and say `2b`; those that were
   * brought along are kept under `2y`, which names the same function, and were made from what was typed.
   */
  readonly folded: boolean;
}

const FORM = /^\$2([aby])\$(\d{2})\$[./A-Za-z0-9]{53}$/;

/** Reads a bcrypt hash in its modular crypt form. Throws for anything else, and outside of costs 4 to 15. */
export function parseBcrypt(text: string): Bcrypt {
  const [, minor, digits] = FORM.exec(text) ?? [];
  const cost = Number(digits);
  if (!minor || cost < LEAST_COST || cost > MOST_COST) throw new Error("not a bcrypt hash of cost 4 to 13");
  return { cost, folded: minor === "b" };
}

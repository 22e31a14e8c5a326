import { z } from "zod";
import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";

/** A mail address as people type it: at most 254 characters (RFC 5321 section 4.5.3.1.3). */
export const Address = z
  .string()
  .trim()
  // The length ends the check: no pattern looks at a text that is longer than an address can be.
  .max(254, { error: "An address has at most 254 characters.", abort: true })
  // Each part of the domain ends at a dot, so that there is one way only to read it: linear in its length.
  .regex(/^[^\s@<>"(),:;\\]+@[^\s@<>"(),:;\\.]+(?:\.[^\s@<>"(),:;\\.]+)+$/u, "This is not an e-mail address.")
  .refine((value) => !/\p{C}/u.test(value), "This is not an e-mail address.")
  .meta({ format: "email", examples: ["ada@harrow.example"] });

/** The form in which two spellings of one address are equal: case and Unicode compatibility forms are folded. */
export function normaliseAddress(address: string): string {
  return address.trim().normalize("NFKC").toLowerCase().normalize("NFC");
}

/** By which an address is found; the address itself is only ever stored sealed. */
export function addressHash(keys: TenantKeys, address: string): Buffer {
  return keys.lookup("member.address", normaliseAddress(address));
}

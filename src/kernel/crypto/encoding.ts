import { cryptoFailure } from "./failure.ts";

/**
 * Joins parts so that no two lists give the same bytes: each part is its UTF-8 length (2 bytes, big-endian) and
 * its bytes. Throws TypeError for a part over 65,535 bytes or with a lone surrogate.
 */
export function joinParts(...parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      const bytes = textBytes(part);
      if (bytes.length > 0xffff) throw new TypeError("A part is over 65,535 bytes.");
      return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
    }),
  );
}

/** UTF-8 of a string. Throws TypeError for a lone surrogate: encoding one would silently store U+FFFD. */
export function textBytes(text: string): Buffer {
  assertWellFormed(text);
  return Buffer.from(text, "utf8");
}

/** Throws TypeError for text that has no UTF-8 encoding. The message holds none of the text. */
export function assertWellFormed(text: string): void {
  if (!text.isWellFormed()) throw new TypeError("The text holds half of a surrogate pair.");
}

/** Decodes canonical standard base64 (padding required, no white space) or throws `unreadable` naming `what`. */
export function strictBase64(text: unknown, what: string): Buffer {
  if (typeof text === "string") {
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") === text) return bytes;
  }
  throw cryptoFailure(`${what} is not base64.`);
}

const TENANT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Throws TypeError unless the id is a lower-case UUID. Ids become file names, so this is also the path check. */
export function assertTenantId(tenantId: string): void {
  if (typeof tenantId !== "string" || !TENANT_ID.test(tenantId)) {
    throw new TypeError("A tenant id is a lower-case UUID.");
  }
}

/** Whether a text is a well-formed tenant id. */
export function isTenantId(text: string): boolean {
  return TENANT_ID.test(text);
}

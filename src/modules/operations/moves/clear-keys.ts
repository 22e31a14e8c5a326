import { z } from "zod";
import type { ClearKey } from "../../../kernel/crypto/keyring.ts";
import { Id } from "../../../kernel/ids.ts";
import { backupFailure } from "../backup/failure.ts";

// The keys of a workspace on its way, in clear: the archive around them is encrypted for whoever takes them in, and
// another lock whose key lies beside it would keep nobody out. backup/FORMAT.md, "One workspace".

const FORMAT = "vouchsafe-moved-keys/1";
/** A new version a minute for two years; higher ones would leave no room for the next. */
const HIGHEST = 1_000_000;

const Shape = z.strictObject({
  format: z.literal(FORMAT),
  tenant: Id,
  keys: z
    .array(
      z.strictObject({
        use: z.enum(["hash", "data", "old", "audit"]),
        version: z.int().min(1).max(HIGHEST),
        retired: z.iso.datetime().optional(),
        key: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
      }),
    )
    .min(2)
    .max(1000),
});

/** 1,000 keys have less. */
export const MOST_KEY_BYTES = 256 * 1024;

export function printClearKeys(tenant: string, keys: readonly ClearKey[]): string {
  const printed = keys.map(({ use, version, retired, key }) => ({
    use,
    version,
    ...(retired === undefined ? {} : { retired }),
    key: key.toString("base64"),
  }));
  return `${JSON.stringify({ format: FORMAT, tenant, keys: printed })}\n`;
}

/** Only the spelling that the writer has, of this tenant. */
export function parseClearKeys(text: string, tenant: string): ClearKey[] {
  let read: z.infer<typeof Shape>;
  try {
    read = Shape.parse(JSON.parse(text));
  } catch {
    // Not kept as the cause: a parser's words quote what it read.
    throw backupFailure("damaged", "The keys in this archive cannot be read.");
  }
  const keys = read.keys.map(({ use, version, retired, key }): ClearKey => {
    const bytes = Buffer.from(key, "base64");
    return { use, version, ...(retired === undefined ? {} : { retired }), key: bytes };
  });
  if (read.tenant !== tenant || printClearKeys(tenant, keys) !== text)
    throw backupFailure("damaged", "The keys in this archive are not those of its workspace.");
  return keys;
}

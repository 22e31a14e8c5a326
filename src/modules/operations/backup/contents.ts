import { z } from "zod";
import { Id, Slug } from "../../../kernel/ids.ts";
import { backupFailure } from "./failure.ts";

// The two JSON entries of an archive. FORMAT.md says what stands where.

export const FORMAT = "vouchsafe-backup/1";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const TableName = z.string().regex(/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/);
const Count = z.int().min(0);

const Column = z.strictObject({ name: z.string(), type: z.string() });

/** The first entry: what this is, and what is needed to use it. */
const OpeningShape = z.strictObject({
  format: z.literal(FORMAT),
  kind: z.enum(["data", "keys", "tenant"]),
  /** Of an archive of one workspace: which. */
  tenant: z.strictObject({ id: Id, slug: Slug }).optional(),
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** When it was begun, in whole seconds: as its name says. Not in the first ones: these are read, and not restored. */
  begun: z.iso.datetime().optional(),
  /** Of the snapshot. */
  at: z.iso.datetime(),
  /** Of the program that made it. */
  version: z.string(),
  /** `server_version` of the database; empty for keys. */
  postgres: z.string(),
  /** Version of the queue's tables; null where there were none. */
  queue: z.int().nullable(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: Hash })),
  tables: z.array(z.strictObject({ name: TableName, columns: z.array(Column) })),
  sequences: z.array(z.strictObject({ name: TableName, value: z.string(), called: z.boolean() })),
});
export type Opening = z.infer<typeof OpeningShape>;

/** The last entry: what was in between. */
const ManifestShape = z.strictObject({
  opening: Hash,
  tables: z.array(z.strictObject({ name: TableName, rows: Count, bytes: Count, sha256: Hash })),
  files: z.strictObject({
    count: Count,
    bytes: Count,
    /** Of the entry SHA256SUMS. */
    sha256: Hash,
    /** Named by a row of the snapshot, and deleted by its owner before its turn came. */
    gone: z.array(z.string()),
  }),
  /** The newest checkpoint of the audit log that the snapshot contains, as a signed note; null before the first. */
  checkpoint: z.string().nullable(),
  /** A signed note of the installation that made it, over all of this with null here. Not in the first ones. */
  signed: z.string().nullable().optional(),
});
export type Manifest = z.infer<typeof ManifestShape>;

export const printOpening = (opening: Opening): string => `${JSON.stringify(opening)}\n`;
export const printManifest = (manifest: Manifest): string => `${JSON.stringify(manifest)}\n`;
export const parseOpening = (text: string): Opening => parse(OpeningShape, text, printOpening);
export const parseManifest = (text: string): Manifest => parse(ManifestShape, text, printManifest);

/** Only the spelling that the writer has: members in this order, no white space, one line feed at the end. */
function parse<T>(shape: z.ZodType<T>, text: string, print: (value: T) => string): T {
  let value: T;
  try {
    value = shape.parse(JSON.parse(text));
  } catch (cause) {
    if (/"format":"vouchsafe-backup\/(?!1")/.test(text.slice(0, 60)))
      throw backupFailure("unsupported", "This backup was made by a newer version of Vouchsafe.", cause);
    throw backupFailure("damaged", "What this backup says of itself cannot be read.", cause);
  }
  if (print(value) !== text) throw backupFailure("damaged", "What this backup says of itself is misspelt.");
  return value;
}

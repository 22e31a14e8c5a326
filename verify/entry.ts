import { fromBase64, utf8 } from "./note.ts";
import { type Bytes, joined, leafHash, same, sha256 } from "./tree.ts";

/** An entry as it is exported: FORMAT.md, "Export". Ids are UUIDs, `commitment` is base64. */
export interface Entry {
  readonly tenant: string;
  readonly id: string;
  readonly at: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly keyId: string | null;
  readonly role: string | null;
  readonly event: string;
  readonly resourceType: string;
  readonly resourceId: string | null;
  readonly outcome: string;
  readonly commitment: string | null;
}

/** The hash of the leaf that holds this entry as the tenant's `number`th. Throws for fields that no entry has. */
export async function leafOf(entry: Entry, number: number): Promise<Bytes> {
  const entryHash = await sha256(
    joined([
      utf8("vouchsafe-audit-entry-1"),
      field(uuid(entry.tenant)),
      field(uuid(entry.id)),
      field(int64(milliseconds(entry.at))),
      field(text(entry.actorKind)),
      field(orNull(entry.actorId, uuid)),
      field(orNull(entry.keyId, uuid)),
      field(orNull(entry.role, text)),
      field(text(entry.event)),
      field(text(entry.resourceType)),
      field(orNull(entry.resourceId, uuid)),
      field(text(entry.outcome)),
      field(orNull(entry.commitment, fromBase64)),
    ]),
  );
  return leafHash(joined([utf8("vouchsafe-audit-leaf-1"), uuid(entry.tenant), int64(number), entryHash]));
}

/** Whether the content is the one that the entry commits to. */
export async function isContentOf(entry: Entry, content: string): Promise<boolean> {
  return entry.commitment !== null && same(await sha256(utf8(content)), fromBase64(entry.commitment));
}

function field(value: Bytes | null): Bytes {
  if (value === null) return Uint8Array.of(255, 255, 255, 255);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, value.length);
  return joined([length, value]);
}

const orNull = <T>(value: T | null, make: (value: T) => Bytes): Bytes | null =>
  value === null ? null : make(value);

function text(value: unknown): Bytes {
  if (typeof value !== "string" || !value.isWellFormed())
    throw new Error("a field of an entry is not a text");
  return utf8(value);
}

function uuid(value: unknown): Bytes {
  if (typeof value !== "string" || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value))
    throw new Error("an id of an entry is not a UUID");
  return Uint8Array.from(value.replaceAll("-", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function int64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}

function milliseconds(at: unknown): number {
  if (
    typeof at !== "string" ||
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(at) ||
    Number.isNaN(Date.parse(at))
  )
    throw new Error("the time of an entry is not as it must be");
  return Date.parse(at);
}

import { minutes } from "../../../kernel/clock.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";

export const PIECE_BYTES = 4 * 1024 * 1024;
/** Of one member, that are not finished. */
export const MOST_UPLOADS = 50;
export const UPLOAD_LASTS = minutes(24 * 60);
/** One of which no piece has come. */
export const UNSENT_LASTS = minutes(60);
/** What one member may have set aside without having sent it. */
export const MOST_UNSENT = 200 * 1024 * 1024;

/** A file that arrives in pieces, as the interface shows it: what comes next is the piece that begins at `offset`. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly offset: number;
  /** Of each piece but the last. */
  readonly pieceBytes: number;
  readonly folder: string | null;
  /** The document that it is to be a new version of. */
  readonly document: string | null;
  readonly expiresAt: string;
}

export interface UploadRow {
  readonly upload_id: string;
  readonly name: Buffer;
  readonly bytes: string | number;
  readonly received: string | number;
  readonly folder_id: string | null;
  readonly document_id: string | null;
  readonly visibility: "private" | "tenant";
  readonly created_at: Date;
  readonly expires_at: Date;
}

export const uploadNameCell = (id: string) => ({ table: "upload", column: "name", row: id });

export const openUploadName = (keys: TenantKeys, row: Pick<UploadRow, "upload_id" | "name">): string =>
  keys.openText(uploadNameCell(row.upload_id), row.name);

export const uploadView = (keys: TenantKeys, row: UploadRow): Upload => ({
  id: row.upload_id,
  name: openUploadName(keys, row),
  bytes: Number(row.bytes),
  offset: Number(row.received),
  pieceBytes: PIECE_BYTES,
  folder: row.folder_id,
  document: row.document_id,
  expiresAt: row.expires_at.toISOString(),
});

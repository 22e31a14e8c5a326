import type pg from "pg";
import { z } from "zod";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { Address } from "../../identity/addresses.ts";
import { backupFailure } from "../backup/failure.ts";

// What the old place had begun and this one ends: of all such work only erasures come along, since whoever is to be forgotten
// must not stay because their workspace moved. Uploads, exports and mails under way stay behind.

const MOST = 1000;
const Spoken = z.strictObject({ addresses: z.array(Address).max(1000) });

/** Throws `damaged` for an erasure that could never end here, and for more of them than people ask for in a month. */
export async function requireErasable(from: pg.Client, keys: TenantKeys): Promise<void> {
  const { rows } = await from.query<{ erasure_id: string; spoken: Buffer | null }>(
    "select erasure_id, spoken from public.erasure where state <> 'done' limit $1",
    [MOST + 1],
  );
  if (rows.length > MOST)
    throw backupFailure(
      "damaged",
      `This archive has more than ${MOST} erasures that have not ended. Let the old place end them first.`,
    );
  for (const { erasure_id: row, spoken } of rows)
    try {
      Spoken.parse(
        JSON.parse(keys.openText({ table: "erasure", column: "spoken", row }, spoken ?? Buffer.of())),
      );
    } catch {
      // Not kept as the cause: a parser's words quote what it read.
      throw backupFailure("damaged", "An erasure of this archive does not open: it could never end.");
    }
}

import { randomBytes } from "node:crypto";
import { type AuditEntry, record } from "../../../kernel/audit.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { reveal } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { signerOf } from "../audit/log/keeper.ts";
import { openCheckpoint, verifierKey } from "../audit/log/note.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { fingerprintOf, newIdentity, problemOf } from "../backup/age.ts";
import { readArchive } from "../backup/archive-reading.ts";
import { type Part, writeArchive } from "../backup/archive-writing.ts";
import { FORMAT, type Manifest, type Opening } from "../backup/contents.ts";
import { backupFailure } from "../backup/failure.ts";
import { summing } from "../backup/making.ts";
import { tablesOfTenant } from "../backup/one-tenant.ts";
import { nameOf, type Place } from "../backup/places.ts";
import { markOf, signManifest } from "../backup/signing.ts";
import { fileParts, openSnapshot, type Snapshot, tableParts } from "../backup/snapshot.ts";
import { printClearKeys } from "./clear-keys.ts";
import { proofParts } from "./log-proof.ts";

export interface Exported {
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  readonly files: number;
  /** Public key of this installation's log: whoever imports must know it from elsewhere than from the archive. */
  readonly signedBy: string;
}

const OPERATOR = "operator";
/** So often somebody may do something between the signing of the log and the snapshot. */
const TRIES = 50;

/**
 * One workspace as an archive that another installation can take in: its rows of one moment, its files, its keys, its log
 * with proofs. It stays here as it is. That it was exported is in its log, and in the operator's, before it is.
 */
export async function exportTenant(
  system: System,
  {
    slug,
    to,
    recipients,
  }: { readonly slug: string; readonly to: Place; readonly recipients: readonly string[] },
): Promise<Exported> {
  const problem = recipients.length === 0 ? "is missing" : await problemOf(recipients);
  if (problem) throw backupFailure("incomplete", `The recipient ${problem}.`);
  if (!system.backupUrl)
    throw backupFailure("incomplete", "BACKUP_DATABASE_URL is not set: nothing can read all of the rows.");
  const tenantId = slug === OPERATOR ? null : await system.directory.tenantBySlug(slug);
  if (!tenantId) throw backupFailure("incomplete", `There is no workspace ${slug} that could be moved.`);
  const signer = await signerOf(system);
  const id = (await markOf(system)) + randomBytes(3).toString("hex");
  const begun = system.clock();
  const name = nameOf({ kind: "tenant", at: begun, id });
  await tellBoth(
    system,
    { tenantId, slug },
    {
      event: "tenant.exported",
      resource: { type: "tenant", id: tenantId },
      changes: { archive: [null, name], recipients: [null, recipients.map(fingerprintOf)] },
    },
  );

  const { snapshot, note } = await signedSnapshot(system, reveal(system.backupUrl), tenantId);
  const own = await newIdentity(recipients);
  try {
    await requireMovable(snapshot, tenantId);
    const tables = tablesOfTenant(snapshot.tables);
    const opening: Opening = {
      format: FORMAT,
      kind: "tenant",
      tenant: { id: tenantId, slug },
      id,
      begun: `${begun.toISOString().slice(0, 19)}Z`,
      at: snapshot.at.toISOString(),
      version: system.version,
      ...snapshot.described,
      queue: null,
      tables,
      sequences: [],
    };
    const written: { manifest: Manifest | null } = { manifest: null };
    const sum = summing(
      writeArchive({
        opening,
        recipients: [...recipients, own.recipient],
        parts: partsOf(system, { ...snapshot, tables }, tenantId, openCheckpoint(note, signer).size),
        checkpoint: note,
        sign: (said, unsigned) => signManifest(said, unsigned, signer),
        written: ({ manifest }) => {
          written.manifest = manifest;
        },
      }),
    );
    await to.put(name, sum.bytes);
    const again = summing(await to.get(name));
    await readArchive(again.bytes, [own.identity]);
    const { manifest } = written;
    if (!manifest || !again.digest().equals(sum.digest()))
      throw backupFailure("damaged", `What lies in ${to.words} is not what was written there.`);
    return {
      name,
      bytes: sum.length(),
      rows: manifest.tables.reduce((all, { rows }) => all + rows, 0),
      files: tables.length === 0 ? 0 : manifest.files.count,
      signedBy: verifierKey(signer),
    };
  } catch (error) {
    await to.remove(name).catch(() => undefined);
    throw error;
  } finally {
    await snapshot.close();
  }
}

/** A snapshot in which every entry of the tenant has its place in the signed log: an archive holds no other. */
async function signedSnapshot(
  system: System,
  url: string,
  tenantId: string,
): Promise<{ snapshot: Snapshot; note: string }> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { note } = await sequenceAudit(system);
    const { size } = openCheckpoint(note, await signerOf(system));
    const snapshot = await openSnapshot(url);
    const { rows } = await snapshot.client.query<{ open: boolean }>(
      `select exists (select from audit.staged where tenant_id = $1)
           or exists (select from audit.place where tenant_id = $1 and leaf_index >= $2) as open`,
      [tenantId, size],
    );
    if (rows[0]?.open === false) return { snapshot, note };
    await snapshot.close();
  }
  throw backupFailure(
    "incomplete",
    "There is so much going on in this workspace that its log never rests. Try later.",
  );
}

async function requireMovable({ client }: Snapshot, tenantId: string): Promise<void> {
  const { rows } = await client.query<{ kind: string; state: string }>(
    "select kind, state from tenant where tenant_id = $1",
    [tenantId],
  );
  if (rows[0]?.kind !== "customer" || rows[0].state !== "active")
    throw backupFailure("unsupported", "Only a customer's workspace that is not closing can be moved.");
}

async function* partsOf(
  system: System,
  snapshot: Snapshot,
  tenantId: string,
  size: number,
): AsyncGenerator<Part> {
  yield* tableParts(snapshot, tenantId);
  const keys = await system.keyring.takeOut(tenantId);
  const printed = Buffer.from(printClearKeys(tenantId, keys));
  for (const { key } of keys) key.fill(0);
  yield {
    file: `keys/${tenantId}.json`,
    bytes: printed.length,
    content: (async function* () {
      yield printed;
    })(),
  };
  printed.fill(0);
  yield* proofParts(snapshot.client, tenantId, size);
  yield* fileParts(snapshot, system.files, tenantId);
}

/** An entry in the customer's log and in the operator's. */
export async function tellBoth(
  system: System,
  tenant: { tenantId: string; slug: string },
  entry: AuditEntry,
): Promise<void> {
  await unit(jobContext(system, tenant), async (ctx) => record(ctx, entry));
  const operator = await system.directory.tenantBySlug(OPERATOR);
  if (operator)
    await unit(jobContext(system, { tenantId: operator, slug: OPERATOR }), async (ctx) => record(ctx, entry));
}

import { basename } from "node:path";
import type pg from "pg";
import { FILE_NAME } from "../../../kernel/files/file-store.ts";
import { systemCode } from "../../../kernel/home.ts";
import { Slug } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { signerOf } from "../audit/log/keeper.ts";
import { verifierKey } from "../audit/log/note.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { type ReadArchive, readArchive } from "../backup/archive-reading.ts";
import { backupFailure } from "../backup/failure.ts";
import { keysNeeded, requireKeys } from "../backup/keys-needed.ts";
import { loadArchive, requireSame } from "../backup/loading.ts";
import { tablesOfTenant } from "../backup/one-tenant.ts";
import { type Table, tablesOf } from "../backup/tables.ts";
import { connect, type Reach } from "../backup/tenant-restore.ts";
import { bringIn, requireFree } from "./arriving.ts";
import { requireWhole, tidyArrival } from "./checking.ts";
import { MOST_PROOF_BYTES, PROOF_NAME, proofReader } from "./log-proof.ts";
import { requireErasable } from "./open-work.ts";
import { type CheckedArchive, checkArchive, checkpointOf, type Reading, strange, textOf } from "./reading.ts";
import { beginMark, endMark, finishEarlier, importAlone } from "./unfinished.ts";

export interface ImportOptions extends Reading {
  readonly system: System;
  readonly live: Reach;
  /** An empty database, which the caller throws away. */
  readonly scratch: Reach;
  /** Another short name than the old one. */
  readonly slug?: string | null;
  readonly progress?: (words: string) => void;
}

export interface Imported {
  readonly tenantId: string;
  readonly slug: string;
  readonly rows: number;
  readonly files: number;
  /** Entries of its log that came along, each shown to be in the old one. */
  readonly entries: number;
}

/**
 * Takes a workspace in that another installation has exported. Nothing is trusted but that the archive was signed with the
 * key that the operator names: rows go through a scratch database and are looked at there. Its keys and files come first,
 * then its rows in one transaction, with which it can be entered; whatever ends it before leaves nothing that anybody
 * finds, and the next import begins by removing it.
 */
export async function importTenant(options: ImportOptions): Promise<Imported> {
  const { system, live, scratch, identities, signedBy, progress = () => {} } = options;
  progress("reading the archive");
  const checked = await checkArchive(options);
  const { tenant, read, keys } = checked;
  const slug = options.slug ?? tenant.slug;
  if (!Slug.safeParse(slug).success)
    throw backupFailure("taken", "A short name has a-z, 0-9 and hyphens, at most 40 of them.");
  const to = await connect(live);
  let from: pg.Client | null = null;
  try {
    await importAlone(to);
    await finishEarlier(system, to);
    await requireRoom(system, to, tenant.id, slug);
    const tables = await sameTables(to, read);
    progress("loading its rows into a scratch database");
    const named = new Set<string>();
    await loadArchive({
      ...scratch,
      archive: await options.archive(),
      identities,
      expected: read,
      only: { id: tenant.id, others: "refuse", files: named },
    }).catch((error: unknown) => {
      // The database's own word on values that no column takes.
      if (/^2[23]/.test(systemCode(error) ?? ""))
        throw backupFailure("damaged", "This archive holds rows that a workspace cannot have.", error);
      throw error;
    });
    from = await connect(scratch);
    await requireWhole(from, tables, { ...tenant, taken: read.opening.at });
    await requireOwnFiles(system, to, named, checked);
    const needed = (await keysNeeded(from, tables, checked.versions, tenant.id)).get(tenant.id);
    if (needed) requireKeys(tenant.id, needed, { keys });
    await tidyArrival(from, tenant.id);
    const mark = await beginMark(system, { tenantId: tenant.id, slug, files: [...checked.files] });
    try {
      if (!(await system.keyring.takeIn(tenant.id, keys))) {
        await endMark(mark);
        throw backupFailure("taken", "Keys of this workspace are, or were, here already.");
      }
      await requireErasable(from, await system.keyring.tenant(tenant.id));
      // Whoever has the keys of the old place, or the archive, opens what came, and nothing that is written from now on.
      await system.keyring.addDataKey(tenant.id);
      progress("putting its files");
      const entries = await putFiles(options, from, checked);
      progress("putting its rows");
      const { rows, costs } = await bringIn(system, from, to, tables, {
        tenantId: tenant.id,
        slug,
        entry: {
          event: "tenant.imported",
          resource: { type: "tenant", id: tenant.id },
          changes: {
            slug: [tenant.slug, slug],
            log: [signedBy, verifierKey(await signerOf(system))],
            checkpoint: [read.manifest.checkpoint, null],
            entries: [entries, null],
          },
        },
      });
      for (const cost of costs)
        progress(
          `its password hashes cost ${cost}: here a wrong password takes at least as long, for everybody`,
        );
      await finishEarlier(system, to);
      await sequenceAudit(system);
      return { tenantId: tenant.id, slug, rows, files: checked.files.size, entries };
    } catch (error) {
      // What can be said to have failed is cleared away at once; what was killed, by the next import.
      await finishEarlier(system, to).catch(() => undefined);
      throw error;
    }
  } finally {
    for (const { key } of keys) key.fill(0);
    await from?.end();
    await to.end();
  }
}

async function sameTables(to: pg.Client, { opening }: ReadArchive): Promise<Table[]> {
  const tables = tablesOfTenant(await tablesOf(to));
  // Each database sorts names as it was told to.
  const inOrder = (all: readonly Table[]) =>
    JSON.stringify([...all].sort((a, b) => (a.name < b.name ? -1 : 1)));
  if (inOrder(tables) !== inOrder(opening.tables))
    throw backupFailure("damaged", "This archive has other tables, or columns, than a workspace has.");
  return tables;
}

/** Nothing of such a workspace is here, or was, and there is somebody whose customer it becomes. */
async function requireRoom(system: System, to: pg.Client, tenantId: string, slug: string): Promise<void> {
  if (!(await system.directory.tenantBySlug("operator")))
    throw backupFailure("incomplete", "This installation is not set up yet: there is no operator.");
  await requireFree(to, tenantId, slug);
  if (system.keyring.has(tenantId) || system.keyring.store.isDestroyed(tenantId))
    throw backupFailure("taken", "Keys of this workspace are, or were, here already.");
}

/**
 * Rows may name files of this archive only: with the name of another workspace's file, deleting a document here would
 * delete it there.
 */
async function requireOwnFiles(
  system: System,
  to: pg.Client,
  named: ReadonlySet<string>,
  { read, files }: CheckedArchive,
): Promise<void> {
  const gone = new Set(read.manifest.files.gone);
  const all = [...new Set([...named, ...files, ...gone])];
  if (all.some((name) => !FILE_NAME.test(name))) throw strange();
  if (
    [...named].some((name) => !files.has(name) && !gone.has(name)) ||
    [...files].some((name) => !named.has(name))
  )
    throw backupFailure("damaged", "The files of this archive are not those that its rows name.");
  for (let at = 0; at < all.length; at += 1000) {
    const some = all.slice(at, at + 1000);
    const { rowCount } = await to.query("select from directory.known_files($1) limit 1", [some]);
    if (rowCount) throw backupFailure("damaged", "This archive names a stored file of another workspace.");
  }
  for (const name of all)
    if (await system.files.exists(name))
      throw backupFailure("damaged", "This archive names a stored file that is here already.");
}

/** Answers how many entries of its log were shown to be in the old one. */
async function putFiles(
  { system, archive, identities, signedBy }: ImportOptions,
  from: pg.Client,
  { read, tenant, files }: CheckedArchive,
): Promise<number> {
  const proofs = proofReader(from, tenant.id, checkpointOf(read, signedBy));
  const again = await readArchive(await archive(), identities, {
    async file(path, content, length) {
      if (PROOF_NAME.test(path)) await proofs.read(await textOf(content, length, MOST_PROOF_BYTES));
      else if (files.has(basename(path)) && path.startsWith("files/"))
        await system.files.putSealed(basename(path), content);
    },
  });
  requireSame(again, read);
  return proofs.end();
}

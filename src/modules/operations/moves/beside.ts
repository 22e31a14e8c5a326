import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import pg from "pg";
import type { AuditEntry } from "../../../kernel/audit.ts";
import { readConfig } from "../../../kernel/config.ts";
import { markCopy } from "../../../kernel/copy.ts";
import type { ClearKey } from "../../../kernel/crypto/keyring.ts";
import { migrate, withDatabase } from "../../../kernel/database/migrate.ts";
import { startupError, unmarkRestoring } from "../../../kernel/home.ts";
import { type OpenSystem, openSystem } from "../../../kernel/open-system.ts";
import {
  DATABASE,
  type EmbeddedPostgres,
  type Log,
  startEmbedded,
} from "../../../kernel/postgres/embedded.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { System } from "../../../kernel/system.ts";
import { signerOf } from "../audit/log/keeper.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { type ReadArchive, readArchive } from "../backup/archive-reading.ts";
import type { Chosen } from "../backup/choosing.ts";
import { backupFailure } from "../backup/failure.ts";
import { keysNeeded, noteFileVersions, requireKeys } from "../backup/keys-needed.ts";
import { loadArchive } from "../backup/loading.ts";
import { rowsWhere, tablesOfTenant } from "../backup/one-tenant.ts";
import { keepRightsAway, openClosed, rememberRights } from "../backup/rights.ts";
import { requireName, requireSigned } from "../backup/signing.ts";
import { tablesOf } from "../backup/tables.ts";
import { connect, type Reach } from "../backup/tenant-restore.ts";
import { bringIn } from "./arriving.ts";
import { requireWhole, tidyArrival } from "./checking.ts";
import { tellBoth } from "./exporting.ts";

/** The copy's own database server, and the name of a database on it, which is empty. */
export interface CopyServer extends Pick<EmbeddedPostgres, "adminUrl" | "stop"> {
  readonly database: string;
  readonly passwords?: EmbeddedPostgres["passwords"];
  url(role: "vouchsafe_app" | "vouchsafe_jobs"): string;
}

export interface BesideOptions {
  /** The real one. Nothing of it is changed, but that its log says that there is a copy. */
  readonly system: System;
  /** Its database: who may enter the workspace now is looked up there. */
  readonly live: Reach;
  /** Not there, or empty: it becomes a home of its own. */
  readonly folder: string;
  /** The built-in database of that home, unless another is given. */
  readonly start?: (home: string) => Promise<CopyServer>;
  readonly slug: string;
  readonly data: Chosen;
  readonly identities: readonly Secret[];
  readonly log: Log & System["log"];
  readonly progress?: (words: string) => void;
  /** Changes the copy before anybody can enter it: who was erased since is erased in it, too. */
  readonly prepare?: (copy: System, adminUrl: string, tenantId: string, taken: Date) => Promise<unknown>;
}

/**
 * One workspace as it was, in an installation of its own beside the real one, for comparing. The archive goes by, and
 * only this tenant's rows and files are ever written. Keys, signing keys and the log are new ones of the copy: with those of
 * the real one it could speak for it. Rights are no more than those of now: who may not enter the real one, may not here.
 */
export async function restoreBeside(
  options: BesideOptions,
): Promise<{ rows: number; files: number; taken: Date }> {
  const { system, folder, slug, progress = () => {} } = options;
  if (slug === "operator")
    throw backupFailure(
      "unsupported",
      "The operator's own workspace is restored with the whole installation only.",
    );
  const place = await claim(folder);
  let server: CopyServer | null = null;
  let copy: OpenSystem | null = null;
  let keys: ClearKey[] = [];
  try {
    progress(`reading ${options.data.words}`);
    const { tenantId, read } = await findTenant(options);
    keys = await system.keyring.takeOut(tenantId).catch((cause: unknown) => {
      throw backupFailure(
        "wrong_key",
        "The keys of this workspace were destroyed: nothing opens it any more.",
        cause,
      );
    });
    const entry = {
      event: "tenant.copied",
      resource: { type: "tenant", id: tenantId },
      changes: { state: ["newer", read.opening.at] },
    } as const;
    // Before there is anything: who reads their log learns of it, whatever becomes of the copy.
    await tellBoth(system, { tenantId, slug }, entry);
    await place.requireOurs();
    server = await (options.start ?? builtIn(options.log))(folder);
    const { adminUrl, passwords, database } = server;
    await migrate({ adminUrl, database, ...(passwords ? { passwords } : {}) });
    await sql(adminUrl, "postgres", `create database ${scratchOf(server)} template template0`);
    copy = await openCopy(options, server);
    if (!(await copy.keyring.takeIn(tenantId, keys))) throw new Error("unreachable: this key store is new");
    const brought = await fill(options, copy, server, { tenantId, read, entry });
    await sql(adminUrl, database, "update platform.set_up set done_at = now()");
    const taken = new Date(read.opening.at);
    await options.prepare?.(copy, withDatabase(adminUrl, database), tenantId, taken);
    await takeRightsOfNow(options.live, { adminUrl, database }, tenantId);
    await sequenceAudit(copy);
    await sql(adminUrl, "postgres", `drop database ${scratchOf(server)} with (force)`);
    await markCopy(folder, { slug, taken: read.opening.at });
    await copy.close();
    await server.stop();
    unmarkRestoring(folder);
    return { ...brought, taken };
  } catch (error) {
    await copy?.close().catch(() => undefined);
    await server?.stop().catch(() => undefined);
    await place.leave(server !== null);
    throw error;
  } finally {
    for (const { key } of keys) key.fill(0);
  }
}

/** A folder that nobody else begins anything in. */
interface Place {
  /** Throws when somebody has put something into it since. */
  requireOurs(): Promise<void>;
  /** Removes what this run has made: nothing, once the mark in it is another's. `begun`: all that lies in it is ours. */
  leave(begun: boolean): Promise<void>;
}

/**
 * Puts a mark with a number of this run into a folder that is not there, or empty, before anything else: with it no
 * server starts there, and no second copy is made.
 */
async function claim(folder: string): Promise<Place> {
  const taken = (cause?: unknown) =>
    startupError(
      `${folder} is not empty.`,
      "Give a folder that is not there yet. Nothing was changed.",
      cause,
    );
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).length > 0) throw taken();
  const marks = join(folder, "restoring");
  const [mark, number] = [join(marks, "installation"), randomBytes(16).toString("hex")];
  await mkdir(marks, { mode: 0o700 }).catch((error: unknown) => {
    throw taken(error); // somebody else was faster
  });
  await writeFile(mark, number, { flag: "wx", mode: 0o600 });
  const isOurs = async () => (await readFile(mark, "utf8").catch(() => null)) === number;
  return {
    async requireOurs() {
      if (!(await isOurs()) || readdirSync(folder).length > 1) throw taken();
    },
    async leave(begun) {
      if (!(await isOurs())) return;
      if (begun) await clear(folder);
      else await rm(marks, { recursive: true, force: true });
      if (made !== undefined) await rmdir(folder).catch(() => undefined); // something lies in it that is not ours
    },
  };
}

/** Who was removed, suspended or had a password reset since does not enter the copy with what they had that day. */
async function takeRightsOfNow(live: Reach, of: Reach, tenantId: string): Promise<void> {
  const [real, copy] = [await connect(live), await connect(of)];
  try {
    await copy.query("begin");
    await copy.query("set local session_replication_role = replica");
    await rememberRights(copy, tenantId, real);
    await keepRightsAway(copy, tenantId);
    await openClosed(copy);
    await copy.query("commit");
  } finally {
    await Promise.all([real.end(), copy.end()]);
  }
}

/** A home's own PostgreSQL, where it would lie for any home unless `runtime` says so. */
export const builtIn =
  (log: Log, options: { readonly runtime?: string; readonly durable?: boolean } = {}) =>
  async (home: string): Promise<CopyServer> => ({
    ...(await startEmbedded({ home, log, ...options })),
    database: DATABASE,
  });

const scratchOf = ({ database }: CopyServer): string => `${database}_arriving`;

/** Reads the archive to its end; who has the short name in it. */
async function findTenant({
  system,
  slug,
  data,
  identities,
}: BesideOptions): Promise<{ tenantId: string; read: ReadArchive }> {
  let columns: readonly { readonly name: string }[] = [];
  let found: string | null = null;
  const read = await readArchive(await data.read(), identities, {
    opening({ tables }) {
      columns = tables.find(({ name }) => name === "directory.tenant_slug")?.columns ?? [];
    },
    async table(name, rows) {
      if (name !== "directory.tenant_slug") return null;
      const at = (column: string) => columns.findIndex((one) => one.name === column);
      for await (const _ of rowsWhere(rows, (fields) => {
        if (fields[at("slug")]?.toString("utf8") === slug) found = uuidOf(fields[at("tenant_id")]);
        return false;
      }));
      return null;
    },
  });
  if (read.opening.kind !== "data")
    throw backupFailure("damaged", `${data.archive.name} is no archive of data.`);
  requireName(data.archive, read.opening);
  requireSigned(read, await signerOf(system));
  if (found === null) throw backupFailure("incomplete", `There is no workspace ${slug} in this backup.`);
  return { tenantId: found, read };
}

const uuidOf = (bytes: Buffer | null | undefined): string =>
  (bytes?.toString("hex") ?? "").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

function openCopy({ folder, system, log }: BesideOptions, server: CopyServer): Promise<OpenSystem> {
  const read = readConfig({}, folder);
  if (!("config" in read)) throw new Error("unreachable: no variable has a problem");
  const urls = { app: server.url("vouchsafe_app"), jobs: server.url("vouchsafe_jobs") };
  // Without variables: a master key of its own, in its own folder.
  return openSystem({ config: read.config, log, version: system.version, urls, soleProcess: true, env: {} });
}

async function fill(
  { slug, data, identities, progress = () => {} }: BesideOptions,
  copy: System,
  server: CopyServer,
  { tenantId, read, entry }: { tenantId: string; read: ReadArchive; entry: AuditEntry },
): Promise<{ rows: number; files: number }> {
  const { adminUrl, database } = server;
  const scratch = { adminUrl, database: scratchOf(server) };
  const named = new Set<string>();
  const seen = noteFileVersions();
  let put = 0;
  progress("loading its rows and files");
  await loadArchive({
    ...scratch,
    archive: await data.read(),
    identities,
    expected: read,
    only: { id: tenantId, others: "leave", files: named },
    async file(path, content) {
      if (!path.startsWith("files/") || !named.has(basename(path))) return;
      await copy.files.putSealed(basename(path), seen.note(basename(path), content));
      put += 1;
    },
  });
  const from = await connect(scratch);
  const to = await connect({ adminUrl, database });
  try {
    const tables = tablesOfTenant(await tablesOf(to));
    await openClosed(from);
    await requireWhole(from, tables, { id: tenantId, slug });
    const needed = (await keysNeeded(from, tables, seen.versions, tenantId)).get(tenantId);
    if (needed) requireKeys(tenantId, needed, await copy.keyring.look(tenantId));
    await tidyArrival(from, tenantId);
    progress("putting its rows");
    const { rows } = await bringIn(copy, from, to, tables, { tenantId, slug, entry });
    return { rows, files: put };
  } finally {
    await Promise.all([from.end(), to.end()]);
  }
}

async function sql(adminUrl: string, database: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(adminUrl, database) });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Nothing of it was there before. */
async function clear(folder: string): Promise<void> {
  const remembered = await readFile(join(folder, "postgres.json"), "utf8").catch(() => null);
  const place = remembered ? (JSON.parse(remembered) as { place: string }).place : null;
  if (place) await rm(join(place, "data"), { recursive: true, force: true });
  for (const name of readdirSync(folder)) await rm(join(folder, name), { recursive: true, force: true });
}

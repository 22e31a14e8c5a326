import type { Readable } from "node:stream";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { isOutcomeUnknown, read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import type { JobSpec } from "../../../kernel/jobs.ts";
import { allows, rightsOf } from "../../../kernel/permissions.ts";
import { reachOfMember, visibleTo } from "../../knowledge/sharing/reach.ts";
import { csvLines } from "../../operations/audit/formats.ts";
import { exportLines } from "../../operations/audit/log/proofs.ts";
import { allEntries } from "../../operations/audit/service.ts";
import { type Archive, openArchive } from "./archive.ts";
import { asCsv, asJson, columnsOf, entriesAbout, exportedTables, openRows } from "./data.ts";
import { DOCUMENTS_IN_PART, hasText, nextOriginals, type Original, textOf } from "./documents.ts";
import { uniquePaths } from "./names.ts";
import { readme } from "./readme.ts";
import { encryptTo } from "./recipient.ts";
import { recipientCell } from "./service.ts";

const MAKE = "privacy.make-export";

/**
 * Makes one part of an export, and asks for the next: what is cut off is done again from the part in which it was. Each
 * part is a whole archive. The right of whoever asked is looked at anew for each.
 */
export const makeExport: JobSpec = makingExports(DOCUMENTS_IN_PART);

/** `size`: how many documents a part holds at most. */
export function makingExports(size: number): JobSpec {
  return {
    name: MAKE,
    concurrency: 1,
    perTenant: 1,
    retries: 5,
    whileClosing: "taking everything out is what the time is for",
    run: async (ctx, id, last) => {
      const wanted = await begin(ctx, id);
      if (!wanted) return;
      try {
        await makePart(ctx, wanted, size);
      } catch (error) {
        if (last)
          await unit(ctx, (inner) =>
            write(inner, db.updateTable("export").set({ state: "failed" }).where("export_id", "=", id)),
          );
        throw error;
      }
    },
  };
}

interface Wanted {
  readonly id: string;
  readonly kind: "workspace" | "person";
  readonly askedBy: string;
  readonly recipient: string | null;
  readonly createdAt: Date;
  readonly reached: number;
  readonly done: number;
  readonly part: number;
}

async function begin(ctx: Ctx, id: string): Promise<Wanted | null> {
  const row = await readOne(ctx, db.selectFrom("export").selectAll().where("export_id", "=", id));
  if (row?.state !== "making" || row.expires_at <= ctx.clock()) return null;
  const [[asker], parts] = await read(
    ctx,
    db
      .selectFrom("member")
      .innerJoin("tenant", "tenant.tenant_id", "member.tenant_id")
      .leftJoin("role", (on) =>
        on.onRef("role.tenant_id", "=", "member.tenant_id").onRef("role.role_id", "=", "member.role_id"),
      )
      .where("member.member_id", "=", row.asked_by)
      .where("member.status", "=", "active")
      .select(["member.role", "role.permissions as granted", "tenant.kind as tenantKind"]),
    db.selectFrom("export_part").select("no").where("export_id", "=", id),
  );
  const may =
    asker !== undefined &&
    (row.kind === "person" || allows({ permissions: rightsOf(asker, asker.tenantKind) }, "tenant.export"));
  if (!may) {
    await unit(ctx, (inner) =>
      write(inner, db.updateTable("export").set({ state: "failed" }).where("export_id", "=", id)),
    );
    return null;
  }
  const keys = await keysOf(ctx);
  return {
    id,
    kind: row.kind,
    askedBy: row.asked_by,
    recipient: row.recipient ? keys.openText(recipientCell(id), row.recipient) : null,
    createdAt: row.created_at,
    reached: row.reached,
    done: row.done,
    part: parts.length + 1,
  };
}

async function makePart(ctx: Ctx, wanted: Wanted, size: number): Promise<void> {
  const ownerId = wanted.kind === "person" ? wanted.askedBy : null;
  const originals = await nextOriginals(ctx, wanted.reached, ownerId, size);
  const documents = new Set(originals.map(({ documentNo }) => documentNo));
  const reached = originals.at(-1)?.documentNo ?? wanted.reached;
  const isLast = (await nextOriginals(ctx, reached, ownerId, 1)).length === 0;
  const archive = openArchive();
  const root = `${tenantOf(ctx).slug}-${wanted.part}`;
  const missing = await addOriginals(ctx, archive, root, originals);
  const unreadable = new Set<string>();
  if (isLast) await addData(ctx, archive, root, ownerId, unreadable);
  // The rows are read while the archive is written, and the manifest is written last.
  addExplanations(archive, root, ctx, wanted, isLast, () => [...missing, ...unreadable]);
  archive.end();

  const keys = await keysOf(ctx);
  const stream: Readable = wanted.recipient
    ? await encryptTo(wanted.recipient, archive.stream)
    : archive.stream;
  const stored = await ctx.system.files.put(keys, stream);
  try {
    await unit(ctx, async (inner) => {
      const { count } = await write(
        inner,
        db
          .updateTable("export")
          .set({ reached, done: wanted.done + documents.size, state: isLast ? "ready" : "making" })
          .where("export_id", "=", wanted.id)
          .where("state", "=", "making")
          .where("reached", "=", wanted.reached),
      );
      if (count === 0) throw new Error("this export was ended, or another try of this job was faster");
      await write(
        inner,
        db.insertInto("export_part").values({
          tenant_id: tenantOf(inner).id,
          export_id: wanted.id,
          no: wanted.part,
          file: stored.name,
          bytes: stored.bytes,
          sha256: stored.sha256Keyed,
          created_at: inner.clock(),
        }),
      );
      if (!isLast) await inner.system.jobs.enqueue(inner, MAKE, wanted.id);
    });
  } catch (error) {
    if (!isOutcomeUnknown(error)) await ctx.system.files.remove(stored.name);
    throw error;
  }
}

interface Listed {
  readonly path: string;
  readonly document: string;
  readonly version: number;
  readonly addedAt: string;
  text: string | null;
}

/** The files and what was read out of them. Answers those that are not there, by document. */
async function addOriginals(
  ctx: Ctx,
  archive: Archive,
  root: string,
  originals: readonly Original[],
): Promise<string[]> {
  const keys = await keysOf(ctx);
  const paths = uniquePaths();
  const missing: string[] = [];
  const listed: Listed[] = [];
  for (const original of originals) {
    const { file, name, folders, isCurrent, isBinned, version, addedAt } = original;
    const place = isBinned ? "bin" : isCurrent ? "documents" : "versions";
    if (!(await ctx.system.files.exists(file))) {
      missing.push(original.documentId);
      continue;
    }
    const path = paths(
      [root, place, ...folders, ...(isCurrent ? [] : [`${name} - version ${version}`])],
      name,
    );
    archive.add(path, addedAt, () => contentOf(ctx, keys, file), false);
    const entry: Listed = {
      path,
      document: original.documentId,
      version,
      addedAt: addedAt.toISOString(),
      text: null,
    };
    if (await hasText(ctx, original)) {
      entry.text = `${root}/text/${path.slice(root.length + 1)}.md`;
      archive.add(entry.text, addedAt, () => textOf(ctx, original));
    }
    listed.push(entry);
  }
  archive.add(`${root}/documents.json`, ctx.clock(), () => lines([`${JSON.stringify(listed, null, 1)}\n`]));
  return missing;
}

async function* contentOf(
  ctx: Ctx,
  keys: Awaited<ReturnType<typeof keysOf>>,
  file: string,
): AsyncGenerator<Uint8Array> {
  yield* await ctx.system.files.open(keys, file);
}

async function addData(
  ctx: Ctx,
  archive: Archive,
  root: string,
  memberId: string | null,
  unreadable: Set<string>,
): Promise<void> {
  const at = ctx.clock();
  const seen = memberId === null ? null : await documentsSeenBy(ctx, memberId);
  for (const table of await exportedTables(ctx, memberId)) {
    const rows = () => {
      const all = openRows(ctx, table, memberId, (place) => {
        if (!unreadable.has(place))
          ctx.system.log.error({ place }, "an export holds a value that does not open");
        unreadable.add(place);
      });
      return seen && table.name === "answer_part" ? quotingOnly(all, seen) : all;
    };
    archive.add(`${root}/data/${table.name}.json`, at, () => asJson(rows()));
    archive.add(`${root}/data/${table.name}.csv`, at, () => asCsv(columnsOf(table), rows()));
  }
  if (memberId !== null) {
    archive.add(`${root}/data/log.json`, at, () => asJson(entriesAbout(ctx, memberId)));
    return;
  }
  archive.add(`${root}/audit/log.jsonl`, at, () => lines(exportLines(ctx)));
  archive.add(`${root}/audit/log.csv`, at, () => lines(csvLines(allEntries(ctx, {}))));
}

/** Of answers, the parts that quote what the person may see now. */
async function* quotingOnly(rows: AsyncIterable<Record<string, unknown>>, seen: ReadonlySet<string>) {
  for await (const row of rows) {
    const { citations } = row.body as { citations: readonly { document: string }[] };
    if (citations.every(({ document }) => seen.has(document))) yield row;
  }
}

async function documentsSeenBy(ctx: Ctx, memberId: string): Promise<ReadonlySet<string>> {
  const [rows] = await read(
    ctx,
    db
      .selectFrom("document")
      .select("document_id")
      .where(visibleTo("document", reachOfMember(ctx, memberId))),
  );
  return new Set(rows.map((row) => row.document_id));
}

function addExplanations(
  archive: Archive,
  root: string,
  ctx: Ctx,
  { kind, part, createdAt }: Wanted,
  isLast: boolean,
  missing: () => readonly string[],
): void {
  const at = ctx.clock();
  const { slug } = tenantOf(ctx);
  archive.add(`${root}/README.txt`, at, () => lines([readme({ kind, slug, at: createdAt, part, isLast })]));
  // These two come last: by then all others have been written, and are known.
  archive.add(`${root}/SHA256SUMS`, at, () =>
    lines(archive.written.map(({ path, sha256 }) => `${sha256}  ${path.slice(root.length + 1)}\n`)),
  );
  archive.add(`${root}/manifest.json`, at, () =>
    lines([
      `${JSON.stringify({ format: "vouchsafe-export/1", kind, slug, at: at.toISOString(), part, last: isLast, missing: missing(), files: archive.written }, null, 1)}\n`,
    ]),
  );
}

/** Lines of the log's own formats have no end of line yet; the others do. */
async function* lines(all: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of all) yield line.endsWith("\n") ? line : `${line}\n`;
}

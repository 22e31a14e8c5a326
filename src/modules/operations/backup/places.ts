import { createReadStream } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { days } from "../../../kernel/clock.ts";
import type { BackupConfig } from "../../../kernel/config-backup.ts";
import { errorCode, makePrivateFolder, syncFolder } from "../../../kernel/files/durable.ts";
import { type Bucket, openBucket } from "../../../kernel/s3/bucket.ts";

/** Where archives lie. They are opaque here: encrypted before they come. */
export interface Place {
  readonly kind: "folder" | "bucket";
  /** For a person. Names no key. */
  readonly words: string;
  /** Whole or not at all. */
  put(name: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  get(name: string): Promise<AsyncIterable<Uint8Array>>;
  list(): Promise<Archive[]>;
  remove(name: string): Promise<void>;
}

/** What an archive's name says of it. */
export interface Archive {
  readonly name: string;
  readonly kind: "data" | "keys";
  readonly at: Date;
  readonly id: string;
  readonly bytes: number;
}

const NAME = /^(data|keys)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9a-f]{12})\.tar\.zst\.age$/;

/** Its name says how to open it. */
export const nameOf = ({
  kind,
  at,
  id,
}: Pick<Archive, "at" | "id"> & { readonly kind: Archive["kind"] | "tenant" }): string =>
  `${kind}-${at.toISOString().replace(/[-:]|\.\d+/g, "")}-${id}.tar.zst.age`;

export function parseName(name: string, bytes: number): Archive | null {
  const [, kind, y, mo, d, h, mi, s, id = ""] = NAME.exec(name) ?? [];
  if (kind !== "data" && kind !== "keys") return null;
  return { name, kind, at: new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`), id, bytes };
}

/** Those that the settings name. Without any, a folder of the home, which is better than none and said to be. */
export function placesOf({ folder, bucket }: BackupConfig, home: string): Place[] {
  const folders = folder ?? (bucket ? null : join(home, "backups"));
  return [
    ...(folders ? [folderPlace(folders)] : []),
    ...(bucket
      ? [bucketPlace(openBucket(bucket), `bucket ${bucket.bucket} at ${new URL(bucket.endpoint).host}`)]
      : []),
  ];
}

export function folderPlace(folder: string): Place {
  return {
    kind: "folder",
    words: `folder ${folder}`,
    async put(name, source) {
      await makePrivateFolder(folder);
      await removeForgotten(folder);
      const unfinished = join(folder, `${name}${UNFINISHED}`);
      const handle = await open(unfinished, "w", 0o600);
      try {
        for await (const piece of source) await handle.writeFile(piece);
        await handle.sync();
        await handle.close();
        await rename(unfinished, join(folder, name));
        await syncFolder(folder);
      } catch (error) {
        await handle.close().catch(() => undefined); // closed already when the rename is what failed
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    get: async (name) => createReadStream(join(folder, name), { highWaterMark: 1024 * 1024 }),
    async list() {
      const names = await readdir(folder).catch((error: unknown) => {
        if (errorCode(error) === "ENOENT") return [] as string[];
        throw error;
      });
      const found: Archive[] = [];
      for (const name of names.sort()) {
        const archive = parseName(name, 0);
        if (archive) found.push({ ...archive, bytes: (await stat(join(folder, name))).size });
      }
      return found;
    },
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}

const UNFINISHED = ".unfinished";
const FORGOTTEN_AFTER = days(1);

/** What backups, and exports of a workspace, have left that were killed: nobody writes for a day, and nobody else would ever remove it. */
async function removeForgotten(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (
      !file.endsWith(UNFINISHED) ||
      !NAME.test(file.slice(0, -UNFINISHED.length).replace(/^tenant-/, "data-"))
    )
      continue;
    const path = join(folder, file);
    const found = await stat(path).catch(() => null); // another process was faster
    if (found && found.mtimeMs < Date.now() - FORGOTTEN_AFTER) await rm(path, { force: true });
  }
}

const PREFIX = "vouchsafe/";

function bucketPlace(bucket: Bucket, words: string): Place {
  return {
    kind: "bucket",
    words,
    put: async (name, source) => void (await bucket.put(PREFIX + name, source)),
    get: (name) => bucket.get(PREFIX + name),
    async list() {
      const found: Archive[] = [];
      for await (const { key, bytes } of bucket.list(PREFIX)) {
        const archive = parseName(key.slice(PREFIX.length), bytes);
        if (archive) found.push(archive);
      }
      return found;
    },
    remove: (name) => bucket.remove(PREFIX + name),
  };
}

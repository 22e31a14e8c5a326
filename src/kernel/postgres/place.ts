import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { startupError, systemCode } from "../home.ts";
import { writeDurably } from "./passwords.ts";

/** A numeric user and group of this machine. */
export type Account = { uid: number; gid: number };

/**
 * Where a cluster lives. Everything is inside `root`; `binaries` may be shared with other clusters. `account` is the
 * user that runs PostgreSQL, null when that is the user of this process.
 */
export type Place = { root: string; data: string; binaries: string; account: Account | null };

const SHARED_ROOT = "/var/lib/vouchsafe";
// Free in Debian's, systemd's and Docker's plans of user numbers, and below 65536 so that containers map it.
const FIRST_UID = 60578;
const LAST_UID = 61183;
// 104 bytes on macOS and 108 on Linux, less PostgreSQL's own file name.
const LONGEST_SOCKET_FOLDER = 99 - "/.s.PGSQL.5432".length;

/**
 * Chooses and prepares the place of a home's cluster: `<home>/postgres`, or, for root, which PostgreSQL refuses, a
 * folder of its own under /var/lib/vouchsafe that belongs to a dedicated user. `runtime` overrides both.
 *
 * The home remembers the place and the place its home, so that a moved home finds its data and a copied one is
 * refused. Throws a StartupError when there is no such place.
 */
export function choosePlace(home: string, runtime: string | undefined): Place {
  const root = process.getuid?.() === 0;
  const inside = join(home, "postgres");
  if (root && runtime === undefined && existsSync(join(inside, "data"))) {
    throw startupError(
      `The database in ${inside} belongs to another user than root.`,
      `Start Vouchsafe as the user that owns ${home}.`,
    );
  }
  const record = readRecord(join(home, "postgres.json"));
  const id = record?.id ?? randomBytes(5).toString("hex");
  const wanted = runtime === undefined ? undefined : resolve(runtime);
  const chosen = wanted ?? record?.place ?? (root ? join(SHARED_ROOT, id) : inside);
  const place = root ? prepareForRoot(chosen, wanted === undefined) : prepareForUser(chosen, home);
  checkRecords(home, place, record, id);
  return place;
}

/** Remembers that the home's cluster now exists at `place`. */
export function recordPlace(home: string, place: Place): void {
  const own = readRecord(join(place.root, "home.json"));
  if (own === null) throw new Error(`${place.root} was not chosen by choosePlace`);
  // Inside the home the place needs no memory, and must not have one: such a home may be moved as a whole.
  if (place.root === join(home, "postgres")) return;
  writeDurably(join(home, "postgres.json"), `${JSON.stringify({ id: own.id, place: place.root })}\n`);
}

/** A folder for the socket, open to `place.account` only, with a path short enough for every system. */
export function socketFolder(place: Place): { path: string; temporary: boolean } {
  const wanted = join(place.root, "socket");
  if (Buffer.byteLength(wanted) <= LONGEST_SOCKET_FOLDER) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    give(wanted, place.account, 0o700);
    return { path: wanted, temporary: false };
  }
  const base = Buffer.byteLength(tmpdir()) < 60 ? tmpdir() : "/tmp";
  const path = mkdtempSync(join(base, "vouchsafe-"));
  give(path, place.account, 0o700);
  return { path, temporary: true };
}

/** Hands `path` (never through a link) to `account`, null meaning this process's user, with `mode`. */
export function give(path: string, account: Account | null, mode: number): void {
  if (lstatSync(path).isSymbolicLink()) throw new Error(`${path} is a link`);
  chmodSync(path, mode);
  if (account !== null) chownSync(path, account.uid, account.gid);
}

type HomeRecord = { id: string; place: string };

function readRecord(path: string): HomeRecord | null {
  if (!existsSync(path)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && "id" in value && "place" in value) {
      if (typeof value.id === "string" && typeof value.place === "string") {
        return { id: value.id, place: value.place };
      }
    }
  } catch (cause) {
    throw startupError(`${path} cannot be read.`, "Restore this file from a backup.", cause);
  }
  throw startupError(`${path} is damaged.`, "Restore this file from a backup.");
}

function checkRecords(home: string, place: Place, record: HomeRecord | null, id: string): void {
  const hasData = existsSync(join(place.data, "PG_VERSION"));
  if (record !== null && !hasData) {
    throw startupError(
      `The database of ${home} lay in ${record.place}${record.place === place.root ? " and is gone" : ""}.`,
      record.place === place.root
        ? `Put that folder back, or restore a backup; to begin anew without the old data, remove ${home}.`
        : `Move that folder to ${place.root}, or start without VOUCHSAFE_RUNTIME.`,
    );
  }
  const path = join(place.root, "home.json");
  const owner = readRecord(path);
  const inside = place.root === join(home, "postgres");
  if (owner !== null && hasData && !inside) {
    if (record === null || owner.id !== record.id) {
      throw startupError(
        `${place.root} holds the database of another home (${owner.place}).`,
        `Choose another folder with VOUCHSAFE_RUNTIME, or remove ${place.root} if that home is gone for good.`,
      );
    }
    const other = readRecordQuietly(join(owner.place, "postgres.json"));
    if (owner.place !== home && other?.id === owner.id) {
      throw startupError(
        `${home} is a copy of ${owner.place}, and both name the database in ${place.root}.`,
        "A home is copied with backup and restore; start the original, or remove it if the copy is to take its place.",
      );
    }
  }
  if (owner?.place !== home || owner.id !== (inside ? owner.id : id)) {
    writeDurably(path, `${JSON.stringify({ id, place: home })}\n`);
  }
}

function readRecordQuietly(path: string): HomeRecord | null {
  try {
    return readRecord(path);
  } catch {
    return null;
  }
}

function prepareForUser(root: string, home: string): Place {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw cannotMake(root, cause);
  }
  const data = join(root, "data");
  const owner = existsSync(data) ? statSync(data).uid : process.getuid?.();
  if (owner !== process.getuid?.()) {
    throw startupError(
      `The database in ${root} belongs to another user (number ${owner}).`,
      `Start Vouchsafe as the user that owns ${home}.`,
    );
  }
  return { root, data, binaries: join(root, "bin"), account: null };
}

function prepareForRoot(root: string, shared: boolean): Place {
  const data = join(root, "data");
  const account = existsSync(data) ? accountOf(data) : freeAccount(root);
  try {
    mkdirSync(root, { recursive: true, mode: 0o711 });
    if (shared) chmodSync(SHARED_ROOT, 0o711);
    // Root owns it and only PostgreSQL's group may pass: no other process of the user that runs initdb gets in.
    chmodSync(root, 0o710);
    chownSync(root, 0, account.gid);
  } catch (cause) {
    throw cannotMake(root, cause);
  }
  for (let folder = dirname(root); folder !== dirname(folder); folder = dirname(folder)) {
    if (mayPass(folder, account)) continue;
    throw startupError(
      `PostgreSQL does not run as root, and no other user may enter ${folder}.`,
      "Set VOUCHSAFE_RUNTIME to a folder that other users can reach, such as /var/lib/vouchsafe/main.",
    );
  }
  return { root, data, binaries: join(shared ? SHARED_ROOT : root, "bin"), account };
}

function mayPass(folder: string, account: Account): boolean {
  const { uid, gid, mode } = statSync(folder);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}

function accountOf(path: string): Account {
  const { uid, gid } = statSync(path);
  if (uid !== 0) return { uid, gid };
  throw startupError(
    `The database in ${path} belongs to root, and PostgreSQL does not run as root.`,
    `Give it to the user that it had before (chown -R), or restore a backup.`,
  );
}

/** A number that names nobody on this machine, the same one each time for the same folder. */
function freeAccount(root: string): Account {
  const taken = new Set(passwd().map((entry) => entry.uid));
  const start = createHash("sha256").update(root).digest().readUInt32BE(0);
  const count = LAST_UID - FIRST_UID + 1;
  for (let step = 0; step < count; step += 1) {
    const uid = FIRST_UID + ((start + step) % count);
    if (!taken.has(uid)) return { uid, gid: uid };
  }
  throw startupError(
    `Every user number from ${FIRST_UID} to ${LAST_UID} is taken.`,
    "Start Vouchsafe as an ordinary user instead of root.",
  );
}

/** The entries of /etc/passwd; empty when there is none. */
export function passwd(): { name: string; uid: number }[] {
  try {
    return readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .filter((fields) => fields.length >= 7 && /^[0-9]+$/.test(fields[2] ?? ""))
      .map((fields) => ({ name: fields[0] ?? "", uid: Number(fields[2]) }));
  } catch {
    return [];
  }
}

function cannotMake(path: string, cause: unknown) {
  const why = systemCode(cause) === "EROFS" ? "is on a read-only disk" : "cannot be made or opened";
  return startupError(
    `The folder for the database, ${path}, ${why}.`,
    "Set VOUCHSAFE_RUNTIME to a folder on a disk that this user may write to, or start as an ordinary user.",
    cause,
  );
}

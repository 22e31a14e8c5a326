import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";

// What the host tells of the disk beneath: Linux names the encrypting device mapper in /sys. Other systems, other file
// systems (overlay, network, ZFS) and disks that encrypt by themselves tell nothing; then it is the operator's word.

export interface DiskFinding {
  /** What the folder is for. */
  readonly what: string;
  readonly state: "encrypted" | "not-encrypted" | "unknown";
  readonly words: string;
}

/** The disks beneath the installation's folders. `root` is `/`, but for tests. */
export function disksBeneath(folders: Readonly<Record<string, string>>, root = "/"): DiskFinding[] {
  return Object.entries(folders).map(([what, folder]) => ({ what, ...diskOf(folder, root) }));
}

function diskOf(folder: string, root: string): Omit<DiskFinding, "what"> {
  const mount = mountOf(folder, root);
  if (!mount) return { state: "unknown", words: "this system does not tell on which disk it lies" };
  const device = join(root, "sys/dev/block", mount.device);
  if (!existsSync(device)) {
    return { state: "unknown", words: `it lies on ${mount.type}, which does not tell what is beneath` };
  }
  const leaves = leavesOf(device, root);
  const open = leaves.filter((leaf) => !leaf.encrypted);
  if (open.length === 0)
    return { state: "encrypted", words: `${mount.type} on an encrypted volume (dm-crypt)` };
  return {
    state: "not-encrypted",
    words: `${mount.type} on ${open.map(({ name }) => name).join(", ")}, where the system knows of no encryption; the disk may encrypt by itself`,
  };
}

/** The mount that a path is in: the longest mount point that it begins with; of several on one point the last. */
function mountOf(folder: string, root: string): { device: string; type: string } | null {
  let text: string;
  try {
    text = readFileSync(join(root, "proc/self/mountinfo"), "utf8");
  } catch {
    return null;
  }
  const path = existsSync(folder) ? realpathSync(folder) : folder;
  let best: { point: string; device: string; type: string } | null = null;
  for (const line of text.split("\n")) {
    // proc_pid_mountinfo(5): id parent major:minor root mount-point options… - type source options
    const [before = "", after = ""] = line.split(" - ");
    const fields = before.split(" ");
    const [device, point] = [
      fields[2],
      fields[4]?.replace(/\\([0-7]{3})/g, (_, o) => String.fromCharCode(Number.parseInt(o, 8))),
    ];
    const type = after.split(" ")[0];
    if (!device || !point || !type) continue;
    const isIn = point === "/" || path === point || path.startsWith(`${point}/`);
    if (isIn && (!best || point.length >= best.point.length)) best = { point, device, type };
  }
  return best;
}

/** The devices at the bottom, each with whether something that encrypts lies between it and the file system. */
function leavesOf(
  device: string,
  root: string,
  encryptedAbove = false,
): { name: string; encrypted: boolean }[] {
  const real = realpathSync(device);
  const encrypted = encryptedAbove || uuidOf(real).startsWith("CRYPT-");
  let below: string[];
  try {
    below = readdirSync(join(real, "slaves"));
  } catch {
    below = [];
  }
  if (below.length === 0) return [{ name: basename(real), encrypted }];
  return below.flatMap((name) => leavesOf(join(real, "slaves", name), root, encrypted));
}

function uuidOf(device: string): string {
  try {
    return readFileSync(join(device, "dm/uuid"), "utf8");
  } catch {
    return "";
  }
}

/** The folders of an installation that hold data: its home, and the built-in database's where that lies elsewhere. */
export function dataFolders(home: string): Record<string, string> {
  const folders: Record<string, string> = { "keys, files and settings": home };
  try {
    const { place } = JSON.parse(readFileSync(join(home, "postgres.json"), "utf8")) as { place?: unknown };
    if (typeof place === "string" && !place.startsWith(home)) folders["the built-in database"] = place;
  } catch {
    // No built-in database: where the other one lies this machine cannot tell.
  }
  return folders;
}

import { mkdir, mkdtemp, opendir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { upload } from "../../../trust/stage/workspace.ts";
import { disksBeneath } from "../at-rest.ts";

/**
 * What this software does for it: files and backups are ciphertext, and what the host tells of a disk is read rightly. On
 * which disk the running installation lies only its operator can see: that part stays their word.
 */
export async function checkAtRest(stage: Stage): Promise<Outcome> {
  const { client } = stage.a.owner;
  const text = "The lighthouse keeper's ledger.";
  // It is stored before anybody has read it.
  await upload(client, [{ name: "Ledger.txt", bytes: Buffer.from(`${text}\n`) }]);
  const { home } = stage.server.system.config;
  const findings = [
    await allSealed(join(home, "files"), "stored files", "vsfile\0\x01", text, 1),
    await allSealed(join(home, "backups"), "backups", "age-encryption.org/v1\n", text, 0),
    ...(await readsHosts()),
  ];
  return outcomeOf(
    findings,
    "Files and backups are ciphertext; of the disk beneath only the operator can tell",
  );
}

/** Each begins as its format does, and what was uploaded stands in none. */
async function allSealed(
  folder: string,
  what: string,
  begins: string,
  text: string,
  least: number,
): Promise<Finding> {
  let [all, other] = [0, 0];
  const entries = await opendir(folder, { recursive: true }).catch(() => null);
  for await (const entry of entries ?? []) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => null); // unfinished ones come and go
    if (!bytes) continue;
    all++;
    if (!bytes.toString("latin1").startsWith(begins) || bytes.includes(text)) other++;
  }
  return finding(
    other === 0 && all >= least,
    what,
    "whoever copies them",
    `${all} looked at, ${other} not encrypted`,
  );
}

/** Disks as Linux shows them in /proc and /sys, built in a folder: what is said of each. */
async function readsHosts(): Promise<Finding[]> {
  const root = await mkdtemp(join(tmpdir(), "vouchsafe-disks-"));
  try {
    const device = async (number: string, name: string, uuid: string | null, below: string[] = []) => {
      const path = join(root, "devices", name);
      await mkdir(join(path, "slaves"), { recursive: true });
      if (uuid !== null) {
        await mkdir(join(path, "dm"));
        await writeFile(join(path, "dm/uuid"), `${uuid}\n`);
      }
      for (const one of below) await symlink(join(root, "devices", one), join(path, "slaves", one));
      await mkdir(join(root, "sys/dev/block"), { recursive: true });
      await symlink(path, join(root, "sys/dev/block", number));
    };
    await device("8:1", "sda1", null);
    await device("253:0", "dm-0", "CRYPT-LUKS2-0123-data", ["sda1"]);
    await device("253:1", "dm-1", "LVM-abcd", ["dm-0"]);
    await device("253:2", "dm-2", "LVM-efgh", ["dm-0", "sda1"]);
    const mounts = { "/": "8:1", "/luks": "253:0", "/lvm": "253:1", "/half": "253:2", "/overlay": "0:50" };
    const lines = Object.entries(mounts).map(
      ([point, number], i) => `${20 + i} 1 ${number} / ${point} rw,relatime shared:1 - ext4 /dev/x rw`,
    );
    await mkdir(join(root, "proc/self"), { recursive: true });
    await writeFile(join(root, "proc/self/mountinfo"), `${lines.join("\n")}\n`);
    const expected = {
      "/nowhere/var": "not-encrypted",
      "/luks/var": "encrypted",
      "/lvm/var": "encrypted",
      "/half/var": "not-encrypted",
      "/overlay/var": "unknown",
      "/lukso": "not-encrypted",
    };
    const folders = Object.fromEntries(Object.keys(expected).map((path) => [path, path]));
    return disksBeneath(folders, root).map(({ what, state }) =>
      finding(
        state === expected[what as keyof typeof expected],
        `a disk of a test, ${what}`,
        "the server",
        state,
      ),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

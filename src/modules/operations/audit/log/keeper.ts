import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TenantKeys } from "../../../../kernel/crypto/tenant-keys.ts";
import { createFile, errorCode, replaceFile } from "../../../../kernel/files/durable.ts";
import { newId } from "../../../../kernel/ids.ts";
import type { System } from "../../../../kernel/system.ts";
import type { NoteSigner } from "./note.ts";

// What of the log lies outside of the database, so that whoever holds the database can neither sign for it nor set it
// back unseen: the key, sealed with the installation's own, and the newest checkpoint.

/** What this needs of a system, which a command that has no database can give as well. */
export type Keeper = Pick<System, "config" | "keyring">;

const folder = (system: Keeper) => join(system.config.home, "audit");
const keyCell = { table: "audit_log", column: "key", row: "1" };

const signers = new WeakMap<Keeper, Promise<NoteSigner>>();

/** The log's name and key, made at the first call. */
export function signerOf(system: Keeper): Promise<NoteSigner> {
  let signer = signers.get(system);
  if (!signer) {
    signer = openSigner(system);
    signers.set(system, signer);
    signer.catch(() => signers.delete(system));
  }
  return signer;
}

async function openSigner(system: Keeper): Promise<NoteSigner> {
  const path = join(folder(system), "key.json");
  const keys = await system.keyring.platform();
  if ((await readText(path)) === null) {
    const der = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
    // Of two processes that start at once one creates the file, and both read it.
    await createFile(
      path,
      JSON.stringify({ name: nameFor(system), key: keys.seal(keyCell, der).toString("base64") }),
    );
    der.fill(0);
  }
  return openSignerFile((await readText(path)) ?? "{}", keys);
}

/** The signer of a `key.json`, wherever that lies. Throws for one that these keys of an installation do not open. */
export function openSignerFile(text: string, keys: TenantKeys): NoteSigner {
  const { name, key } = JSON.parse(text) as { name: string; key: string };
  const der = keys.open(keyCell, Buffer.from(key, "base64"));
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  return { name, privateKey };
}

// Stays when the installation moves to another address: it names the log, and nobody looks it up.
function nameFor({ config }: Keeper): string {
  const host = config.publicUrl
    ? new URL(config.publicUrl).host.replace(/[^\w.:-]/g, "")
    : "vouchsafe.invalid";
  return `${host}/audit/${newId().slice(-12)}`;
}

/** What this installation remembers of its log. */
export interface Memory {
  /** The newest checkpoint that it signed. */
  readonly note: string;
  /** By workspace, how many entries it had by then. */
  readonly heads: Readonly<Record<string, number>>;
  /** From which size on: what a workspace had before is not known when this is not 0. */
  readonly since: number;
  /** What was about to be added, and to which size: it counts if the database has that size, else nothing of it happened. */
  readonly next: { readonly size: number; readonly heads: Readonly<Record<string, number>> } | null;
}

/** From its file; null before the first checkpoint. */
export async function remember(system: System): Promise<Memory | null> {
  const text = await readText(memoryPath(system));
  return text === null ? null : (JSON.parse(text) as Memory);
}

export const keep = (system: System, memory: Memory): Promise<void> =>
  replaceFile(memoryPath(system), JSON.stringify(memory));

const memoryPath = (system: System) => join(folder(system), "checkpoint.json");

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

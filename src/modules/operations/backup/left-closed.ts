import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isTenantId } from "../../../kernel/crypto/encoding.ts";
import { errorCode } from "../../../kernel/files/durable.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";

/**
 * Tells, at a start, of workspaces that an interrupted restore-tenant has left closed: nobody can enter them until it is
 * run again, and nobody would say so. Answers how many.
 */
export async function tellOfLeftClosed(system: System): Promise<number> {
  const closed = await marked(join(system.config.home, "restoring"));
  if (closed.length === 0) return 0;
  const ids = closed.join(", ");
  system.log.error(
    { workspaces: closed },
    "a restore-tenant has not ended: its workspace is closed to its members",
  );
  await alertOperator(system, {
    kind: "restore.left-closed",
    subject: "A workspace is closed to its members",
    text: `Restoring it from a backup was interrupted (${ids}). Run the same restore-tenant again: it takes it up, and opens the workspace at its end. If one is running just now, nothing is wrong.`,
  });
  return closed.length;
}

async function marked(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder))
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
      .filter(isTenantId)
      .sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A Valkey or Redis of this system, for checks that start one of their own; null where none is installed. */
export function valkeyProgram(): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = folders.flatMap((folder) => [join(folder, "valkey-server"), join(folder, "redis-server")]);
  return paths.find(existsSync) ?? null;
}

import type { SecuritySnapshot } from "../api/types.ts";
import { ago, count, plural } from "../ui/amounts.ts";

type Backups = SecuritySnapshot["backups"];

/** "Last restored 6 h ago: 3,218 rows and 120 files, all checksums equal". */
export function backupWords({ test }: Backups, now: number): string {
  if (!test) return "No backup has been restored yet";
  if (!test.passed) return `The last one did not restore as it must, ${ago(test.at, now)}`;
  return `Last restored ${ago(test.at, now)}: ${count(test.rows)} rows and ${plural(test.files, "file")}, all checksums equal`;
}

/** What an installation says that was itself restored: its log lacks what came in between. */
export const setBackWords = ({ restored }: Backups, now: number): string | null =>
  restored &&
  `${ago(restored.at, now)}, to ${new Date(restored.takenAt).toISOString().slice(0, 16).replace("T", " ")} UTC. The log lacks what came in between`;

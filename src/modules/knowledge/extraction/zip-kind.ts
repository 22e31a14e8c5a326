import { extractionFailure } from "./failure.ts";
import { officeKind, olePackage } from "./office-kind.ts";
import type { Kind } from "./sniff.ts";
import { openZip } from "./zip.ts";

/** Which of the formats that are zips a file is, from all of it; throws the verdict on one in an older Office container. */
export async function zipKindOf(bytes: Uint8Array): Promise<Kind> {
  const container = olePackage(bytes);
  if (container === "encrypted") throw extractionFailure("password_protected");
  if (container === "old") throw extractionFailure("unsupported_format");
  // Not charged to any budget: the format's own reader opens it again.
  return (await officeKind(await openZip(bytes))) ?? "zip";
}

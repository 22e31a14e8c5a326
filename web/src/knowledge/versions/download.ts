import { urlOf } from "../../api/client.ts";
import type { Version } from "../../api/types.ts";
import type { Session } from "../../identity/session.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";

/**
 * Saves the file of a version. Its text is asked for first, so that a lapsed session is renewed and a refusal is said
 * here; then the browser fetches the file itself, of any size, as an attachment.
 */
export async function downloadVersion(session: Session, version: Version): Promise<void> {
  try {
    await session.call("GET", `versions/${version.id}/passages`, { query: { limit: 1 } });
  } catch (error) {
    say(wordsOf(error));
    return;
  }
  const link = document.createElement("a");
  link.href = urlOf(session.slug, `versions/${version.id}/original`);
  link.download = version.name;
  link.click();
}

import { indexKeys } from "../../knowledge/index/keys.ts";
import { openSegment } from "../../knowledge/search/segment.ts";
import { type Client, expectStatus } from "../stage/client.ts";
import type { Stage } from "../stage/stage.ts";
import { upload, waitUntilReady } from "../stage/workspace.ts";

const MOST_TRIES = 20;

/**
 * Sees to it that a document lies in one segment of the index with another that everybody of its company may see: whoever
 * may see nothing of a segment is not even looked for in it. Documents that are renamed at the same moment are indexed
 * together, for the most part; so they are renamed until they are. Throws when they never are.
 */
export async function besideWhatAllSee(
  stage: Stage,
  { client, id }: { client: Client; id: string },
  document: string,
  name: string,
): Promise<void> {
  const files = ["House rules", "Opening hours"].map((title) => ({
    name: `${title}.txt`,
    bytes: Buffer.from(`${title} hang by the door.\n`),
  }));
  const [open, other] = await upload(client, files, "tenant");
  if (!open || !other) throw new Error("nothing was uploaded");
  const all = [other.id, open.id, document];
  await waitUntilReady(client, all);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const names = [`Opening hours ${tries}.txt`, `House rules ${tries}.txt`, `${name} ${tries}.txt`];
    await Promise.all(
      all.map(async (one, i) =>
        expectStatus(
          await client.call("PATCH", `documents/${one}`, { body: { name: names[i] } }),
          200,
          "renaming",
        ),
      ),
    );
    await waitUntilReady(client, all);
    if (await areTogether(stage, id, [open.id, document])) return;
  }
  throw new Error("two documents were never indexed together");
}

async function areTogether(stage: Stage, tenantId: string, documents: readonly string[]): Promise<boolean> {
  const keys = indexKeys(await stage.server.system.keyring.tenant(tenantId));
  let together = false;
  await stage.sql("postgres", async (client) => {
    const { rows: numbered } = await client.query<{ document_no: number }>(
      "select document_no from document where tenant_id = $1 and document_id = any($2::uuid[])",
      [tenantId, documents],
    );
    const { rows: segments } = await client.query<{ segment_id: string; stats: Buffer }>(
      "select segment_id, stats from index_segment where tenant_id = $1 and state = 'live'",
      [tenantId],
    );
    together = segments.some(({ segment_id, stats }) => {
      const spoken = new Set(openSegment(segment_id, stats, keys).documents);
      return numbered.every(({ document_no }) => spoken.has(document_no));
    });
  });
  return together;
}

import { Readable } from "node:stream";
import { record } from "../../../kernel/audit.ts";
import { seconds } from "../../../kernel/clock.ts";
import { type Ctx, keysOf } from "../../../kernel/context.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { loadDocument } from "./access.ts";
import { fileName } from "./names.ts";
import { openDocumentName } from "./view.ts";

/** While a download runs its right is asked for again, after so many bytes or so long, whatever comes first. */
const AGAIN_AFTER_BYTES = 1024 * 1024;
const AGAIN_AFTER = seconds(2);

/**
 * The original, decrypted as it is read. Recorded before the first byte leaves; cut off when session or right end
 * while it runs.
 */
export async function openOriginal(
  ctx: Ctx,
  id: string,
): Promise<{ stream: Readable; name: string; bytes: number }> {
  const row = await unit(ctx, async (inner) => {
    const found = await loadDocument(inner, id, "read");
    record(inner, { event: "document.downloaded", resource: { type: "document", id } });
    return found;
  });
  const stream = await streamWhileAllowed(ctx, id, row.file);
  return { stream, name: fileName(openDocumentName(await keysOf(ctx), row)), bytes: row.bytes };
}

/** A stored file of a document, for as long as it may be read. */
export async function streamWhileAllowed(ctx: Ctx, id: string, name: string): Promise<Readable> {
  const file = await ctx.system.files.open(await keysOf(ctx), name);
  const allowed = Readable.from(whileAllowed(ctx, id, file), { objectMode: false });
  // Of who goes before the first byte was read, the generator never begins: nobody else closes the file then.
  allowed.once("close", () => file.destroy());
  return allowed;
}

async function* whileAllowed(ctx: Ctx, id: string, file: Readable): AsyncGenerator<Buffer> {
  let asked = performance.now();
  let bytes = 0;
  for await (const piece of file as AsyncIterable<Buffer>) {
    if (bytes >= AGAIN_AFTER_BYTES || performance.now() - asked >= AGAIN_AFTER) {
      // A context of its own, so that session, role and share are asked anew.
      await loadDocument({ ...ctx, tx: null, standing: { current: null } }, id, "read");
      asked = performance.now();
      bytes = 0;
    }
    bytes += piece.length;
    yield piece;
  }
}

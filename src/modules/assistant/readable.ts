import type { Ctx } from "../../kernel/context.ts";
import { namesOfFolders } from "../knowledge/folders/names.ts";
import { readableDocuments } from "../knowledge/service.ts";
import { reachOf } from "../knowledge/sharing/reach.ts";
import { type AnswerBody, namedIn, type PartBody, type QuestionBody, type Readable } from "./messages.ts";

/**
 * Of what some messages name, what the acting member may see now, by owning and sharing: what an opening shows is
 * shown by its own page.
 */
export async function readableIn(
  ctx: Ctx,
  messages: readonly { readonly body: QuestionBody | AnswerBody; readonly parts: readonly PartBody[] }[],
): Promise<Readable> {
  const named = messages.map(({ body, parts }) => namedIn(body, parts));
  const documents = await readableDocuments(
    ctx,
    reachOf(ctx),
    named.flatMap((names) => names.documents),
  );
  const folders = [...new Set(named.flatMap((names) => names.folders))];
  return { documents, folders: folders.length > 0 ? await namesOfFolders(ctx, folders) : new Map() };
}

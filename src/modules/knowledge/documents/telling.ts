import { type Ctx, tenantOf } from "../../../kernel/context.ts";

/** Told after each commit that changes what a list of documents shows. */
export const documentsTopic = (tenantId: string): string => `documents:${tenantId}`;

/** Tells open streams once the open unit of work is committed. */
export function tellOfDocuments(ctx: Ctx): void {
  ctx.tx?.afterCommit.push(() => ctx.system.hub.tell(documentsTopic(tenantOf(ctx).id)));
}

/** Removes stored files once the open unit of work is committed. What stays behind if this fails, the sweep finds. */
export function removeLater(ctx: Ctx, files: readonly string[]): void {
  const store = ctx.system.files;
  ctx.tx?.afterCommit.push(() => {
    for (const file of new Set(files))
      store.remove(file).catch((error: unknown) => ctx.log.warn({ err: error }, "a file was not removed"));
  });
}

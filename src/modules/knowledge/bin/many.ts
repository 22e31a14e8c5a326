import type { Ctx } from "../../../kernel/context.ts";
import { forEach, type Outcome } from "../documents/many.ts";
import { restoreBinned } from "./restoring.ts";

/** Brings things back, each as `restoreBinned` does. */
export const restoreMany = (ctx: Ctx, ids: readonly string[]): Promise<Outcome> =>
  forEach(ctx, ids, (id) => restoreBinned(ctx, id));

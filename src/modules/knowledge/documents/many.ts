import { z } from "zod";
import type { Ctx } from "../../../kernel/context.ts";
import { enter } from "../../../kernel/database/unit.ts";
import type { AppError } from "../../../kernel/errors.ts";
import { Id } from "../../../kernel/ids.ts";
import { deleteDocument } from "../bin/deleting.ts";
import { moveDocument } from "./service.ts";
import { refusalOf } from "./storing.ts";

export const MOST_AT_ONCE = 200;

export const Many = z.object({
  ids: z.array(Id).min(1, "Name at least one.").max(MOST_AT_ONCE, `At most ${MOST_AT_ONCE} at once.`),
});

export const Results = z.object({
  done: z.array(Id),
  refused: z.array(z.object({ id: Id, code: z.string(), message: z.string() })),
});

export interface Outcome {
  readonly done: string[];
  readonly refused: { readonly id: string; readonly code: string; readonly message: string }[];
}

/** Moves documents, each as `moveDocument` does. */
export const moveMany = (ctx: Ctx, ids: readonly string[], folder: string | null): Promise<Outcome> =>
  forEach(ctx, ids, (id) => moveDocument(ctx, id, folder));

/** Puts documents into the bin, each as `deleteDocument` does. */
export const deleteMany = (ctx: Ctx, ids: readonly string[]): Promise<Outcome> =>
  forEach(ctx, ids, (id) => deleteDocument(ctx, id));

/**
 * Does something with each of them, in a unit of work of its own: authorized, recorded and refused by itself. After
 * what concerns them all (an ended session, a database that is away) the rest is refused alike and not tried. Throws the
 * first refusal when none was done; what was done is always told.
 */
export async function forEach(
  ctx: Ctx,
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
): Promise<Outcome> {
  await enter(ctx);
  const done: string[] = [];
  const refused: Outcome["refused"] = [];
  let first: unknown;
  let all: AppError | null = null;
  for (const id of new Set(ids)) {
    try {
      if (all) throw all;
      await act(id);
      done.push(id);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.status === 401 || refusal.code === "unavailable") all = refusal;
      if (refusal.code === "internal" && !all) ctx.log.error({ err: error }, "one of several failed");
      refused.push({ id, code: refusal.code, message: refusal.message });
      first ??= refusal;
    }
  }
  if (done.length === 0 && first) throw first;
  return { done, refused };
}

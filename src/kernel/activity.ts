import { minutes } from "./clock.ts";
import { type Ctx, standingOf, tenantOf } from "./context.ts";
import { db } from "./database/queries.ts";
import { unit, write } from "./database/unit.ts";

const EVERY = minutes(1);

/**
 * Notes, at most once a minute, that the member did something: 30 minutes without it end the session. Runs
 * beside the answer, which does not wait for it.
 */
export function noticeActivity(ctx: Ctx): void {
  const now = ctx.clock();
  const standing = ctx.standing.current;
  if (!standing || ctx.actor.kind !== "member" || now.getTime() - standing.lastActiveAt.getTime() < EVERY)
    return;
  const { sessionId } = ctx.actor;
  unit({ ...ctx, tx: null, standing: { current: null } }, async (inner) => {
    standingOf(inner);
    await write(
      inner,
      db
        .updateTable("session")
        .set({ last_active_at: now })
        .where("tenant_id", "=", tenantOf(inner).id)
        .where("session_id", "=", sessionId)
        .where("last_active_at", "<", now),
    );
  }).catch((error: unknown) => ctx.log.info({ err: error }, "activity was not noted"));
}

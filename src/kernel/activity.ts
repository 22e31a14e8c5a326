import { minutes } from "./clock.ts";
import { type Ctx, standingOf, tenantOf } from "./context.ts";
import { db } from "./database/queries.ts";
import { unit, write } from "./database/unit.ts";

const EVERY = minutes(1);

/**
 * Notes, at most once a minute, that the member did something, since 30 minutes without it end the session; of an API
 * key, when it was last used. Runs beside the answer, which does not wait for it.
 */
export function noticeActivity(ctx: Ctx): void {
  const now = ctx.clock();
  const standing = ctx.standing.current;
  if (!standing || now.getTime() - standing.lastActiveAt.getTime() < EVERY) return;
  const { actor } = ctx;
  unit({ ...ctx, tx: null, standing: { current: null } }, async (inner) => {
    standingOf(inner);
    const { id } = tenantOf(inner);
    if (actor.kind === "member") {
      await write(
        inner,
        db
          .updateTable("session")
          .set({ last_active_at: now })
          .where("tenant_id", "=", id)
          .where("session_id", "=", actor.sessionId)
          .where("last_active_at", "<", now),
      );
    } else if (actor.kind === "key") {
      await write(
        inner,
        db
          .updateTable("api_key")
          .set({ last_used_at: now })
          .where("tenant_id", "=", id)
          .where("key_id", "=", actor.keyId),
      );
    }
  }).catch((error: unknown) => ctx.log.info({ err: error }, "activity was not noted"));
}

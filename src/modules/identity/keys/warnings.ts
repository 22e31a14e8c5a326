import { minutes } from "../../../kernel/clock.ts";
import { keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import type { System } from "../../../kernel/system.ts";
import { notify } from "../notices/service.ts";
import { keyNameCell } from "./service.ts";

const EVERY = minutes(24 * 60);
const FIRST_AFTER = minutes(2);

/** Tells owners, daily and shortly after the start, of keys that end within a week. Answers how to stop. */
export function keepWarning(system: System): () => Promise<void> {
  let running: Promise<unknown> | null = null;
  const warn = () => {
    running ??= warnOfKeys(system)
      .catch((error: unknown) => system.log.error({ err: error }, "owners of API keys could not be warned"))
      .finally(() => {
        running = null;
      });
  };
  const first = setTimeout(warn, FIRST_AFTER).unref();
  const timer = setInterval(warn, EVERY).unref();
  return async () => {
    clearTimeout(first);
    clearInterval(timer);
    await running;
  };
}

/** Warns once of each key that ends within a week; answers of how many. Several processes may be at it. */
export async function warnOfKeys(system: System): Promise<number> {
  // Which tenants: a query of no tenant's own, by a function that answers identifiers only.
  const { rows } = await system.pool.query<{ tenant_id: string; slug: string; key_id: string }>(
    "select tenant_id, slug, key_id from directory.keys_to_warn_of($1)",
    [system.clock()],
  );
  let warned = 0;
  for (const { tenant_id: tenantId, slug, key_id: keyId } of rows) {
    warned += await unit(jobContext(system, { tenantId, slug }), async (ctx) => {
      const { rows: claimed } = await write(
        ctx,
        db
          .updateTable("api_key")
          .set({ warned_at: ctx.clock() })
          .where("key_id", "=", keyId)
          .where("warned_at", "is", null)
          .where("revoked_at", "is", null)
          .returning(["key_id", "member_id", "name", "expires_at"]),
      );
      const [key] = claimed;
      if (!key) return 0;
      const name = (await keysOf(ctx)).openText(keyNameCell(keyId), key.name);
      await notify(ctx, key.member_id, "key-expiring", { name, expiresAt: key.expires_at.toISOString() });
      return 1;
    });
  }
  return warned;
}

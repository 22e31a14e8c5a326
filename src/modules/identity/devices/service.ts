import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, memberOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db, prepare } from "../../../kernel/database/queries.ts";
import { read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { cookieName } from "../../../kernel/routes/cookies.ts";
import { notify } from "../notices/service.ts";

export const deviceCookie = (slug: string): string => cookieName("device", slug);
/** As long as browsers keep a cookie at most. */
export const DEVICE_SECONDS = 400 * 24 * 60 * 60;

/**
 * Notes that the acting member has just signed in with the browser that sent this cookie, and tells them when it was
 * not used before; not of the first browser ever, which is their own. Answers the cookie to set: random, the same for
 * all members of a workspace, and kept as a hash that differs for each.
 */
export async function noticeDevice(ctx: Ctx, cookie: string | undefined): Promise<string> {
  const device = cookie !== undefined && FORM.test(cookie) ? cookie : randomBytes(32).toString("base64url");
  const memberId = memberOf(ctx);
  const hash = deviceHash(await keysOf(ctx), memberId, device);
  const known = await readOne(ctx, lastSeen({ memberId, hash }));
  if (known && ctx.clock().getTime() - known.last_seen_at.getTime() < NOTED_AGAIN) return device;
  await unit(ctx, async (inner) => {
    const now = inner.clock();
    const { rows } = await write(
      inner,
      sql<{ added: boolean }>`
        insert into device (tenant_id, member_id, device_hash, first_seen_at, last_seen_at)
        values (${tenantOf(inner).id}, ${memberId}, ${hash}, ${now}, ${now})
        on conflict (tenant_id, member_id, device_hash) do update set last_seen_at = excluded.last_seen_at
        returning xmax = 0 as added`,
    );
    if (!rows[0]?.added) return;
    const [[other]] = await read(
      inner,
      db
        .selectFrom("device")
        .select("member_id")
        .where("member_id", "=", memberId)
        .where("device_hash", "<>", hash)
        .limit(1),
    );
    if (!other) return;
    const { ip, userAgent } = inner.origin ?? { ip: "", userAgent: "" };
    await notify(inner, memberId, "new-device", { ip, userAgent });
  });
  return device;
}

/** How a browser is kept: by a hash that is another one for each member. */
export const deviceHash = (keys: TenantKeys, memberId: string, device: string): Buffer =>
  keys.lookup("device", `${memberId}.${device}`);

// When a browser was last seen need not be known more exactly.
const NOTED_AGAIN = minutes(60);

const lastSeen = prepare((p: { memberId: string; hash: Buffer }) =>
  db
    .selectFrom("device")
    .select("last_seen_at")
    .where("member_id", "=", p.memberId)
    .where("device_hash", "=", p.hash),
);

const FORM = /^[A-Za-z0-9_-]{43}$/;

import { sql } from "kysely";
import { later } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { once } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { addressHash } from "../addresses.ts";
import { readSolution } from "../challenges/service.ts";
import { FREE_FAILURES, FREE_FAILURES_OF_NETWORK, networkGuard, WINDOW } from "./lockout.ts";
import { demandChallengeNowhere } from "./nowhere.ts";

/**
 * For doors beside the password's that anybody may try with any address: throws `challenge_required` where a sign-in
 * would need a solved challenge, and none that is good came along. Counts nothing but the solution.
 */
export async function demandChallenge(
  ctx: Ctx,
  address: string,
  asked: string,
  solution: string | undefined,
): Promise<void> {
  const solved = await readSolution(ctx, asked, solution);
  if (!ctx.tenant) return demandChallengeNowhere(ctx, asked, address, solved);
  const { id } = tenantOf(ctx);
  const hash = addressHash(await keysOf(ctx), address);
  const network = await networkGuard(ctx);
  const now = ctx.clock();
  const [[guard], used] = await once(
    ctx,
    sql<{ due: boolean }>`
      select exists (
        select 1 from sign_in_guard
          where tenant_id = ${id} and window_started_at > ${later(now, -WINDOW)}::timestamptz
            and (locked_until is null or locked_until > ${now}::timestamptz)
            and ((address_hash = ${hash} and failures >= ${FREE_FAILURES}::integer)
              or (address_hash = ${network} and failures >= ${FREE_FAILURES_OF_NETWORK}::integer))) as due`,
    sql<{ fresh: boolean }>`
      insert into challenge_used (tenant_id, challenge, expires_at)
        select ${id}::uuid, ${solved?.challenge ?? null}::bytea, ${solved?.expiresAt ?? null}::timestamptz
          where ${solved !== null}::boolean
        on conflict do nothing returning true as fresh`,
  );
  if (guard?.due && used.length === 0) throw appError("challenge_required");
}

import type { Credentials } from "../../../../attacker/contract.ts";
import { later, minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { signingKey } from "../../../kernel/open-system.ts";
import { accessCookie, csrfProof, refreshCookie } from "../../../kernel/routes/guards.ts";
import type { System } from "../../../kernel/system.ts";
import { openTokens } from "../../../kernel/tokens.ts";
import { endSessions, startSession } from "../../identity/sessions/service.ts";
import type { Canary } from "./store.ts";

// Nobody can sign in to a canary: its passwords are known to nobody, and its factors are none. The runner's sessions are
// opened here, inside of the server, and end with the run.

/** Sessions of one run. */
export interface Sessions {
  /** A session whose second factor was proved just now; opened anew when the one before has ended. */
  open(canary: Canary, memberId: string): Promise<Credentials>;
  /** The id of a member's session that is open now. */
  current(memberId: string): string;
  /** One whose second factor was proved too long ago. */
  openStale(canary: Canary, memberId: string): Promise<Credentials>;
  /** Genuine cookies whose time is over. */
  expired(canary: Canary, memberId: string): Promise<Record<string, string>>;
  endAll(): Promise<void>;
}

const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/** What a browser sends along. */
export const browserHeaders = {
  "user-agent": userAgent,
  accept: "application/json, text/plain, */*",
  "accept-language": "en-GB,en;q=0.9",
} as const;

export function openSessions(system: System): Sessions {
  const ctxOf = ({ id, slug }: Canary): Ctx => ({
    ...jobContext(system, { tenantId: id, slug }),
    origin: { ip: "127.0.0.1", userAgent },
  });
  const opened = new Map<string, { canary: Canary; sessionId: string; refreshToken: string }>();
  const all: { canary: Canary; sessionId: string }[] = [];

  const start = async (canary: Canary, memberId: string, provedAt: Date) => {
    const { sessionId, refreshToken } = await unit(ctxOf(canary), (ctx) =>
      startSession(ctx, memberId, "passkey", provedAt),
    );
    all.push({ canary, sessionId });
    return { canary, sessionId, refreshToken };
  };
  const credentials = async (
    { id: tenantId, slug }: Canary,
    memberId: string,
    { sessionId, refreshToken }: { sessionId: string; refreshToken: string },
    tokens = system.tokens,
  ) => {
    const { token } = await tokens.issue({ tenantId, slug, memberId, sessionId });
    return {
      cookies: { [accessCookie(slug)]: token, [refreshCookie(slug)]: refreshToken },
      csrf: csrfProof(system, sessionId),
    };
  };
  /** Proves the factor of an open session again; false when it has ended. */
  const renew = ({ canary, sessionId }: { canary: Canary; sessionId: string }) =>
    unit(ctxOf(canary), async (ctx) => {
      const now = ctx.clock();
      const { count } = await write(
        ctx,
        db
          .updateTable("session")
          .set({ factor_at: now, last_active_at: now })
          .where("session_id", "=", sessionId)
          .where("ended_at", "is", null),
      );
      return count === 1;
    });
  return {
    async open(canary, memberId) {
      const known = opened.get(memberId);
      const session = known && (await renew(known)) ? known : await start(canary, memberId, system.clock());
      opened.set(memberId, session);
      return credentials(canary, memberId, session);
    },
    current(memberId) {
      const known = opened.get(memberId);
      if (!known) throw new Error("this member has no session open");
      return known.sessionId;
    },
    openStale: async (canary, memberId) =>
      credentials(canary, memberId, await start(canary, memberId, later(system.clock(), -minutes(10)))),
    async expired(canary, memberId) {
      const anHourAgo = () => later(system.clock(), -minutes(60));
      const tokens = await openTokens(await signingKey(system.pool, system.keyring), anHourAgo);
      const { sessionId, refreshToken } = await start(canary, memberId, system.clock());
      return (await credentials(canary, memberId, { sessionId, refreshToken }, tokens)).cookies;
    },
    async endAll() {
      for (const { canary, sessionId } of all.splice(0))
        await unit(ctxOf(canary), (ctx) => endSessions(ctx, { sessionId }, "the attack is over"));
    },
  };
}

import { sql } from "kysely";
import { later, minutes } from "../../../kernel/clock.ts";
import { keysOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { sendMail } from "../../../kernel/mail.ts";
import type { System } from "../../../kernel/system.ts";
import { openAddress } from "../../identity/members.ts";

/** What the operator must hear of. It names no content: mails lie in mailboxes. */
export interface Alert {
  /** What it is about, such as `backup.late`: the same kind is mailed once an hour at most. */
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
}

const ONCE_IN = minutes(60);
const OPERATOR = "operator";

/**
 * Mails the operator's owners and admins. Never throws: whoever has something to tell has just met a failure, and another
 * one must not stand in its way. What could not be told stands in the log.
 */
export async function alertOperator(system: System, alert: Alert): Promise<void> {
  try {
    if (!(await mailOperator(system, alert)))
      system.log.info(
        { kind: alert.kind },
        "the operator was told of this within the hour, or is not there yet",
      );
  } catch (error) {
    system.log.error({ err: error, kind: alert.kind }, "the operator could not be told");
  }
}

async function mailOperator(system: System, { kind, subject, text }: Alert): Promise<boolean> {
  const tenantId = await system.directory.tenantBySlug(OPERATOR);
  if (!tenantId) return false;
  return unit(jobContext(system, { tenantId, slug: OPERATOR }), async (ctx) => {
    const now = ctx.clock();
    // Claimed in the unit that mails: of two processes one tells, and what could not be mailed was not told.
    const { count } = await write(
      ctx,
      sql`insert into platform.alert_sent (kind, at) values (${kind}, ${now})
          on conflict (kind) do update set at = excluded.at
          where platform.alert_sent.at <= ${later(now, -ONCE_IN)}`,
    );
    if (count === 0) return false;
    const [staff] = await read(
      ctx,
      db
        .selectFrom("member")
        .select(["member_id", "address"])
        .where("role", "in", ["owner", "admin"])
        .where("status", "=", "active")
        .where("verified_at", "is not", null),
    );
    const keys = await keysOf(ctx);
    const body = `${text}\n\n${system.origin.current}/t/${OPERATOR}\n`;
    for (const member of staff) await sendMail(ctx, { to: openAddress(keys, member), subject, text: body });
    return staff.length > 0;
  });
}

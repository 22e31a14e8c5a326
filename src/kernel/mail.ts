import nodemailer from "nodemailer";
import { type Ctx, keysOf, tenantOf } from "./context.ts";
import { db } from "./database/queries.ts";
import { read, readOne, unit, write } from "./database/unit.ts";
import { newId } from "./ids.ts";
import type { JobSpec } from "./jobs.ts";
import { jobContext } from "./jobs.ts";
import { reveal } from "./secret.ts";
import type { System } from "./system.ts";

export interface Mail {
  readonly to: string;
  /** Names nobody and holds no secret: subjects are shown on locked screens. */
  readonly subject: string;
  readonly text: string;
}

const cell = (column: string, id: string) => ({ table: "mail", column, row: id });

/**
 * Adds a mail to the open unit of work. It is kept encrypted and leaves through a job after the commit;
 * without a mail server it stays in the outbox that the operator's browser can read.
 */
export async function sendMail(ctx: Ctx, mail: Mail): Promise<void> {
  // Names below `.invalid` reach nobody, anywhere (RFC 6761, 6.4): what would go there is not even kept.
  if (mail.to.endsWith(".invalid")) return;
  const keys = await keysOf(ctx);
  const id = newId();
  const outbox = ctx.system.config.smtpUrl === null;
  await write(
    ctx,
    db.insertInto("mail").values({
      tenant_id: tenantOf(ctx).id,
      mail_id: id,
      recipient: keys.seal(cell("recipient", id), mail.to),
      subject: keys.seal(cell("subject", id), mail.subject),
      body: keys.seal(cell("body", id), mail.text),
      state: outbox ? "outbox" : "waiting",
      created_at: ctx.clock(),
    }),
  );
  if (!outbox) await ctx.system.jobs.enqueue(ctx, deliverMail.name, id);
}

export const deliverMail: JobSpec = {
  name: "kernel.deliver-mail",
  whileClosing: "that it is closing is told by mail",
  concurrency: 2,
  retries: 8,
  run: async (ctx, id, last) => {
    const row = await readOne(ctx, db.selectFrom("mail").selectAll().where("mail_id", "=", id));
    const { smtpUrl, mailFrom } = ctx.system.config;
    if (row?.state !== "waiting" || !smtpUrl) return;
    const keys = await keysOf(ctx);
    const transport = nodemailer.createTransport(reveal(smtpUrl));
    try {
      await transport.sendMail({
        from: mailFrom,
        to: keys.openText(cell("recipient", id), row.recipient),
        subject: keys.openText(cell("subject", id), row.subject),
        text: keys.openText(cell("body", id), row.body),
        // The same on every try, so that a mail delivered twice shows as one.
        messageId: `<${id}@vouchsafe>`,
      });
      await settle(ctx, id, { state: "sent", sent_at: ctx.clock() });
    } catch (error) {
      if (last) await settle(ctx, id, { state: "failed", problem: "delivery" });
      throw error;
    } finally {
      transport.close();
    }
  },
};

async function settle(
  ctx: Ctx,
  id: string,
  change: { state: "sent" | "failed"; sent_at?: Date; problem?: string },
) {
  await unit(ctx, (inner) => write(inner, db.updateTable("mail").set(change).where("mail_id", "=", id)));
}

export interface OutboxMail extends Mail {
  readonly id: string;
  readonly at: string;
  readonly tenant: string;
}

/** The newest mails of all tenants on an installation without a mail server; empty when there is one. */
export async function readOutbox(system: System, limit = 100): Promise<OutboxMail[]> {
  if (system.config.smtpUrl) return [];
  const { rows } = await system.pool.query<{
    tenant_id: string;
    slug: string;
    mail_id: string;
    created_at: Date;
  }>("select * from directory.newest_mails($1)", [limit]);
  const mails = await Promise.all(
    rows.map(async (m): Promise<OutboxMail | null> => {
      const ctx = jobContext(system, { tenantId: m.tenant_id, slug: m.slug });
      const [[row]] = await read(ctx, db.selectFrom("mail").selectAll().where("mail_id", "=", m.mail_id));
      if (!row) throw new Error("a mail vanished while the outbox was read");
      // One workspace whose keys are gone must not close the outbox of all others.
      const keys = await keysOf(ctx).catch(() => null);
      if (!keys) return null;
      const text = (column: "recipient" | "subject" | "body") =>
        keys.openText(cell(column, m.mail_id), row[column]);
      return {
        id: m.mail_id,
        at: m.created_at.toISOString(),
        tenant: m.slug,
        to: text("recipient"),
        subject: text("subject"),
        text: text("body"),
      };
    }),
  );
  return mails.filter((mail) => mail !== null);
}

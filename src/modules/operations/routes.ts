import { z } from "zod";
import { appError } from "../../kernel/errors.ts";
import { readOutbox } from "../../kernel/mail.ts";
import { allow, publicBecause, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import { auditRoutes } from "./audit/routes.ts";
import { listOwnEvents } from "./audit/service.ts";
import { AuditItem } from "./audit/shape.ts";
import { backupRoutes } from "./backup/routes.ts";
import { keyStoreRoutes } from "./keys/routes.ts";
import { holdsOutboxToken } from "./outbox.ts";

export function operationsRoutes(routes: Routes): void {
  auditRoutes(routes);
  keyStoreRoutes(routes);
  backupRoutes(routes);
  route(routes, {
    method: "GET",
    path: "/account/sign-ins",
    words: "One's own sign-in history",
    access: allow("account.sign-ins"),
    audit: unauditedBecause("reads only one's own history"),
    rate: "read",
    output: { 200: z.object({ items: z.array(AuditItem), next: z.null() }) },
    handler: async (ctx) => ({ items: await listOwnEvents(ctx), next: null }),
  });
  route(routes, {
    method: "GET",
    path: "/outbox",
    of: "installation",
    words:
      "Mails of an installation without a mail server, for whoever holds the token that the terminal printed",
    access: publicBecause(
      "guarded by the outbox token that the terminal printed, since nobody can sign in before the first mail",
    ),
    audit: unauditedBecause("belongs to no tenant; exists only where no mail server is set, for evaluation"),
    rate: "read",
    unprobed: { "head-and-options": "the call that would have to succeed needs the terminal's token" },
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            at: z.string(),
            to: z.string(),
            subject: z.string(),
            text: z.string(),
            tenant: z.string(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx, _input, reply) => {
      if (!holdsOutboxToken(ctx.system, reply.header("x-outbox-token"))) throw appError("token_invalid");
      return { items: await readOutbox(ctx.system), next: null };
    },
  });
}

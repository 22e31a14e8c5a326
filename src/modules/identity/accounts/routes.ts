import { z } from "zod";
import { allow, type Routes, route } from "../../../kernel/routes/contract.ts";
import { Language, TimeZone } from "../mails/language.ts";
import { Password } from "../passwords/policy.ts";
import { openDoor, SessionView } from "../sessions/door.ts";
import { PersonName } from "../shapes.ts";
import { changeAccount, changePassword } from "./service.ts";

export function accountRoutes(routes: Routes): void {
  route(routes, {
    method: "PATCH",
    path: "/account",
    words: "Change one's own name, language and time zone",
    access: allow("account.change"),
    audit: "account.changed",
    rate: "write",
    state: "GET /session",
    input: {
      body: z.object({
        name: PersonName.optional(),
        language: Language.optional(),
        timeZone: TimeZone.optional(),
      }),
    },
    output: { 200: z.object({ name: z.string(), language: Language, timeZone: z.string() }) },
    handler: (ctx, { body }) => changeAccount(ctx, body),
  });
  route(routes, {
    method: "PUT",
    path: "/account/password",
    words: "Change one's own password; ends all sessions and opens a new one",
    whileClosing: "nobody must be kept from shutting somebody out",
    access: allow("account.password"),
    audit: "account.password-changed",
    rate: "sign-in",
    state: "none: a password is shown nowhere",
    input: { body: z.object({ current: Password, new: Password }) },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) =>
      openDoor(ctx, await changePassword(ctx, body.current, body.new), reply),
  });
}

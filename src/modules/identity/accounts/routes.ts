import { z } from "zod";
import { allow, type Routes, route } from "../../../kernel/routes/contract.ts";
import { Password } from "../passwords/policy.ts";
import { openDoor, SessionView } from "../sessions/door.ts";
import { PersonName } from "../shapes.ts";
import { changePassword, rename } from "./service.ts";

export function accountRoutes(routes: Routes): void {
  route(routes, {
    method: "PATCH",
    path: "/account",
    words: "Change one's own name",
    access: allow("account.use"),
    audit: "account.renamed",
    rate: "write",
    state: "GET /session",
    input: { body: z.object({ name: PersonName }) },
    output: { 200: z.object({ name: z.string() }) },
    handler: (ctx, { body }) => rename(ctx, body.name),
  });
  route(routes, {
    method: "PUT",
    path: "/account/password",
    words: "Change one's own password; ends all sessions and opens a new one",
    access: allow("account.use"),
    audit: "account.password-changed",
    rate: "sign-in",
    state: "none: a password is shown nowhere",
    input: { body: z.object({ current: Password, new: Password }) },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) =>
      openDoor(ctx, await changePassword(ctx, body.current, body.new), reply),
  });
}

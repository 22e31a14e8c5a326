import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { Password } from "../passwords/policy.ts";
import { openOwnView, SessionView } from "../sessions/door.ts";
import { emptyBody, nothing } from "../shapes.ts";
import { renewRecoveryCodes } from "./recovery-codes.ts";
import { relyingParty } from "./relying-party.ts";
import { Assertion, Options, TicketText, TotpCode } from "./shapes.ts";
import { beginStepUp, stepUpWithPasskey, stepUpWithPassword, stepUpWithTotp } from "./step-up.ts";
import { beginTotp, confirmTotp, removeTotp } from "./totp.ts";
import { listFactors } from "./view.ts";

const at = z.string();

export function factorRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/account/factors",
    words: "One's own second factors, and whether one must have any",
    access: allow("account.factors"),
    audit: unauditedBecause("reads only one's own account"),
    rate: "read",
    beforeFactor: true,
    output: {
      200: z.object({
        required: z.boolean(),
        totp: z.object({ createdAt: at }).nullable(),
        recoveryCodes: z.object({ left: z.number(), createdAt: at }).nullable(),
        passkeys: z.array(
          z.object({ id: z.string(), name: z.string(), createdAt: at, lastUsedAt: at.nullable() }),
        ),
      }),
    },
    handler: (ctx) => listFactors(ctx),
  });
  route(routes, {
    method: "POST",
    path: "/account/totp",
    words: "Begin to set up an authenticator app",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    access: allow("account.factors"),
    audit: "factor.totp-begun",
    rate: "write",
    beforeFactor: true,
    state: "none: a secret is shown once",
    input: { body: emptyBody },
    output: { 201: z.object({ secret: z.string(), uri: z.string() }) },
    handler: (ctx) => beginTotp(ctx),
  });
  route(routes, {
    method: "POST",
    path: "/account/totp/confirm",
    words: "Set up the authenticator app with its first code",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    access: allow("account.factors"),
    audit: "factor.totp-added",
    rate: "sign-in",
    beforeFactor: true,
    state: "GET /account/factors",
    input: { body: z.object({ code: TotpCode }) },
    output: { 200: z.object({ recoveryCodes: z.array(z.string()).nullable() }) },
    handler: (ctx, { body }) => confirmTotp(ctx, body.code),
  });
  route(routes, {
    method: "DELETE",
    path: "/account/totp",
    words: "Remove one's own authenticator app",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    access: allow("account.factors"),
    audit: "factor.totp-removed",
    rate: "write",
    fresh: true,
    state: "GET /account/factors",
    // Nothing was set up.
    mayAnswer: [404],
    output: { 204: nothing },
    handler: async (ctx) => {
      await removeTotp(ctx);
      return null;
    },
  });
  route(routes, {
    method: "POST",
    path: "/account/recovery-codes",
    words: "Ten new recovery codes; those before are worth nothing any more",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    access: allow("account.factors"),
    audit: "factor.recovery-codes-renewed",
    rate: "write",
    fresh: true,
    state: "GET /account/factors",
    input: { body: emptyBody },
    output: { 200: z.object({ recoveryCodes: z.array(z.string()) }) },
    handler: async (ctx) => ({ recoveryCodes: await renewRecoveryCodes(ctx) }),
  });
  route(routes, {
    method: "POST",
    path: "/session/step-up/challenge",
    words: "With what one can confirm that it is oneself, and what a passkey must sign for it",
    whileClosing: "whoever takes their data out must be able to get in",
    access: allow("account.use"),
    audit: unauditedBecause("opens nothing; the signature or code that answers it is recorded"),
    rate: "write",
    beforeFactor: true,
    state: "none: a challenge is shown once",
    input: { body: emptyBody },
    output: {
      200: z.object({
        methods: z.array(z.enum(["totp", "passkey", "password"])),
        ticket: z.string().nullable(),
        options: Options.nullable(),
      }),
    },
    handler: (ctx, _input, reply) => beginStepUp(ctx, relyingParty(ctx, reply.header("host"))),
  });
  route(routes, {
    method: "POST",
    path: "/session/step-up",
    words: "Confirm that it is still oneself: with a second factor, or the password where there is none yet",
    whileClosing: "whoever takes their data out must be able to get in",
    access: allow("account.use"),
    audit: "session.stepped-up",
    rate: "sign-in",
    beforeFactor: true,
    state: "none: when a factor was last proved is shown to oneself only",
    input: {
      body: z.discriminatedUnion("method", [
        z.object({ method: z.literal("totp"), code: TotpCode }),
        z.object({ method: z.literal("passkey"), ticket: TicketText, response: Assertion }),
        z.object({ method: z.literal("password"), password: Password }),
      ]),
    },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) => {
      if (body.method === "totp") await stepUpWithTotp(ctx, body.code);
      else if (body.method === "password") await stepUpWithPassword(ctx, body.password);
      else {
        const party = relyingParty(ctx, reply.header("host"));
        await stepUpWithPasskey(ctx, party, body.ticket, body.response);
      }
      return openOwnView(ctx);
    },
  });
}

import { z } from "zod";
import { appError } from "../../../kernel/errors.ts";
import {
  publicBecause,
  type Reply,
  type Routes,
  route,
  unauditedBecause,
} from "../../../kernel/routes/contract.ts";
import { relyingParty } from "../factors/relying-party.ts";
import { Assertion, Options, RecoveryCodeText, TicketText, TotpCode } from "../factors/shapes.ts";
import { openDoor, SessionView } from "../sessions/door.ts";
import { emptyBody } from "../shapes.ts";
import { beginPasskeySignIn, signInWithPasskey } from "./passkey.ts";
import { askPasskey, finishWithCode, finishWithPasskey } from "./second-step.ts";

// The doors beside the password's: its second step, and passkeys alone.

const aTicket = "the ticket of a right password is the credential";
const storesNothing = { "mass-assignment": "stores nothing from its body" };

export function signInRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/session/second-factor",
    words: "Finish signing in with a code of the authenticator app, or a recovery code",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause(aTicket),
    audit: "session.started",
    rate: "sign-in",
    unprobed: storesNothing,
    input: {
      body: z.discriminatedUnion("method", [
        z.object({ ticket: TicketText, method: z.literal("totp"), code: TotpCode }),
        z.object({ ticket: TicketText, method: z.literal("recovery-code"), code: RecoveryCodeText }),
      ]),
    },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) => {
      checkCookies(reply);
      return openDoor(ctx, await finishWithCode(ctx, body.ticket, body.method, body.code), reply);
    },
  });
  route(routes, {
    method: "POST",
    path: "/session/second-factor/passkey-challenge",
    words: "What a passkey must sign to finish signing in",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause(aTicket),
    audit: unauditedBecause("opens nothing; the signature that answers it is recorded"),
    rate: "sign-in",
    unprobed: storesNothing,
    input: { body: z.object({ ticket: TicketText }) },
    output: { 200: z.object({ options: Options }) },
    handler: (ctx, { body }, reply) => askPasskey(ctx, relyingParty(ctx, reply.header("host")), body.ticket),
  });
  route(routes, {
    method: "POST",
    path: "/session/second-factor/passkey",
    words: "Finish signing in with a passkey",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause(aTicket),
    audit: "session.started",
    rate: "sign-in",
    unprobed: storesNothing,
    input: { body: z.object({ ticket: TicketText, response: Assertion }) },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) => {
      checkCookies(reply);
      const party = relyingParty(ctx, reply.header("host"));
      return openDoor(ctx, await finishWithPasskey(ctx, party, body.ticket, body.response), reply);
    },
  });
  route(routes, {
    method: "POST",
    path: "/session/passkey-challenge",
    words: "What a passkey must sign to sign in by itself",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("whoever signs in has no session yet"),
    audit: unauditedBecause("opens nothing; the signature that answers it is recorded"),
    rate: "sign-in",
    unprobed: storesNothing,
    input: { body: emptyBody },
    output: { 200: z.object({ ticket: z.string(), options: Options }) },
    handler: (ctx, _input, reply) =>
      beginPasskeySignIn(ctx, relyingParty(ctx, reply.header("host")), reply.slug),
  });
  route(routes, {
    method: "POST",
    path: "/session/passkey",
    words: "Sign in with a passkey alone",
    whileClosing: "whoever takes their data out must be able to get in",
    access: publicBecause("whoever signs in has no session yet"),
    audit: "session.started",
    rate: "sign-in",
    unprobed: storesNothing,
    input: { body: z.object({ ticket: TicketText, response: Assertion }) },
    output: { 200: SessionView },
    handler: async (ctx, { body }, reply) => {
      checkCookies(reply);
      const party = relyingParty(ctx, reply.header("host"));
      const session = await signInWithPasskey(ctx, party, body.ticket, body.response, reply.slug);
      return openDoor(ctx, session, reply);
    },
  });
}

function checkCookies(reply: Reply): void {
  if (!reply.keepsCookies()) throw appError("cookies_impossible");
}

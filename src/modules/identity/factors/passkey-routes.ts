import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { emptyBody, ids, nothing } from "../shapes.ts";
import { addPasskey, beginPasskey, removePasskey, renamePasskey } from "./passkeys.ts";
import { relyingParty } from "./relying-party.ts";
import { Options, PasskeyName, Registration, TicketText } from "./shapes.ts";

const Named = z.object({ id: z.string(), name: z.string() });

export function passkeyRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/account/passkeys/challenge",
    words: "What a new passkey must sign",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    access: allow("account.passkeys"),
    audit: unauditedBecause("keeps nothing; the passkey that answers it is recorded"),
    rate: "write",
    beforeFactor: true,
    state: "none: a challenge is shown once",
    input: { body: emptyBody },
    output: { 200: z.object({ ticket: z.string(), options: Options }) },
    handler: (ctx, _input, reply) => beginPasskey(ctx, relyingParty(ctx, reply.header("host"))),
  });
  route(routes, {
    method: "POST",
    path: "/account/passkeys",
    words: "Add a passkey to one's own account",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    access: allow("account.passkeys"),
    audit: "factor.passkey-added",
    rate: "write",
    beforeFactor: true,
    state: "GET /account/factors",
    input: { body: z.object({ ticket: TicketText, name: PasskeyName, response: Registration }) },
    output: { 201: Named.extend({ recoveryCodes: z.array(z.string()).nullable() }) },
    handler: (ctx, { body }, reply) =>
      addPasskey(ctx, relyingParty(ctx, reply.header("host")), body.ticket, body.name, body.response),
  });
  route(routes, {
    method: "PATCH",
    path: "/account/passkeys/:id",
    words: "Give a passkey of one's own another name",
    resource: "passkey",
    access: allow("account.passkeys"),
    audit: "factor.passkey-renamed",
    rate: "write",
    state: "GET /account/factors",
    input: { params: ids.params, body: z.object({ name: PasskeyName }) },
    output: { 200: Named },
    handler: (ctx, { params, body }) => renamePasskey(ctx, params.id, body.name),
  });
  route(routes, {
    method: "DELETE",
    path: "/account/passkeys/:id",
    words: "Remove a passkey of one's own",
    whileClosing: "who takes their data out, or keeps the workspace, needs a second factor",
    resource: "passkey",
    access: allow("account.passkeys"),
    audit: "factor.passkey-removed",
    rate: "write",
    fresh: true,
    state: "GET /account/factors",
    input: ids,
    output: { 204: nothing },
    handler: async (ctx, { params }) => {
      await removePasskey(ctx, params.id);
      return null;
    },
  });
}

import type { Ctx } from "../../../kernel/context.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { checkAssertion, userHandle } from "./passkey-proof.ts";
import { passkeyByCredential } from "./passkeys.ts";
import type { RelyingParty } from "./relying-party.ts";
import type { AssertionBody } from "./shapes.ts";
import { challengeOf } from "./tickets.ts";

/** A passkey whose signature holds; its use is still to be counted, in the unit of work that it opens something in. */
export interface ProvedPasskey {
  readonly id: string;
  readonly memberId: string;
  readonly counter: number;
}

/**
 * Whose passkey signed the ticket's challenge, or null. Not in an open unit of work. `memberId` says whose it must be;
 * null where the passkey itself says so.
 */
export async function provePasskey(
  ctx: Ctx,
  party: RelyingParty,
  ticket: string,
  memberId: string | null,
  response: AssertionBody,
): Promise<ProvedPasskey | null> {
  const known = await unit(ctx, (inner) => passkeyByCredential(inner, response.id));
  if (!known || (memberId !== null && known.memberId !== memberId)) return null;
  const handle = response.response.userHandle;
  // An authenticator that signs alone says for whom (WebAuthn level 3, 7.2 step 6).
  if (handle && handle !== Buffer.from(userHandle(known.memberId)).toString("base64url")) return null;
  const counter = await checkAssertion(party, await challengeOf(ctx, ticket), known.credential, response);
  return counter === null ? null : { id: known.id, memberId: known.memberId, counter };
}

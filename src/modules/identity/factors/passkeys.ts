import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, standingOf, tenantOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db } from "../../../kernel/database/queries.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { openAddress, openName } from "../members.ts";
import { notify } from "../notices/service.ts";
import { endUnproved, proveFactor } from "../sessions/service.ts";
import {
  checkRegistration,
  type Known,
  registrationOptions,
  type WebAuthnCredential,
} from "./passkey-proof.ts";
import { checkMayAdd, checkMayRemove, factorsOf, hasFactor, lockFactors } from "./policy.ts";
import { firstRecoveryCodes } from "./recovery-codes.ts";
import type { RelyingParty } from "./relying-party.ts";
import { leaveWithoutFactor } from "./reset.ts";
import type { RegistrationBody } from "./shapes.ts";
import { challengeOf, issueTicket, spendTicket } from "./tickets.ts";

// Nobody has that many; and each is offered to the browser at every second step.
const MOST = 20;

export const passkeyNameCell = (id: string) => ({ table: "passkey", column: "name", row: id });
const credentialCell = (id: string) => ({ table: "passkey", column: "credential", row: id });

/** What is kept of a credential, sealed. */
interface Kept extends Known {
  readonly publicKey: string;
}

/** What a new passkey has to sign. Throws `step_up_required`, `quota`. */
export async function beginPasskey(ctx: Ctx, party: RelyingParty) {
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const factors = await lockFactors(inner, memberId);
    await checkMayAdd(inner, factors);
    if (factors.passkeys >= MOST) throw tooMany();
    const { ticket } = await issueTicket(inner, "register", memberId);
    const keys = await keysOf(inner);
    const [[member], known] = await read(
      inner,
      db.selectFrom("member").select(["member_id", "name", "address"]).where("member_id", "=", memberId),
      db.selectFrom("passkey").select(["passkey_id", "credential"]).where("member_id", "=", memberId),
    );
    if (!member) throw appError("signed_out");
    const options = await registrationOptions(
      party,
      inner.system.config.name,
      await challengeOf(inner, ticket),
      { memberId, address: openAddress(keys, member), name: openName(keys, member) },
      known.map((row) => openCredential(keys, row).id),
    );
    return { ticket, options };
  });
}

/**
 * Keeps a passkey that signed its challenge; the session that made it has proved it. Throws `factor_failed`,
 * `link_invalid`, `step_up_required`, `quota`.
 */
export async function addPasskey(
  ctx: Ctx,
  party: RelyingParty,
  ticket: string,
  name: string,
  response: RegistrationBody,
): Promise<{ id: string; name: string; recoveryCodes: string[] | null }> {
  // Taken first, in a unit of its own: each challenge has one try. Whoever must confirm beforehand keeps it until then.
  await unit(ctx, async (inner) => {
    await checkMayAdd(inner, await factorsOf(inner, standingOf(inner).memberId));
    await spendTicket(inner, "register", ticket);
  });
  const credential = await checkRegistration(party, await challengeOf(ctx, ticket), response);
  if (!credential)
    throw appError("factor_failed", { message: "The passkey could not be confirmed. Try again." });
  return unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const factors = await lockFactors(inner, memberId);
    await checkMayAdd(inner, factors);
    if (factors.passkeys >= MOST) throw tooMany();
    const keys = await keysOf(inner);
    const id = newId();
    const kept: Kept = {
      id: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString("base64url"),
      transports: credential.transports ?? [],
    };
    const { count } = await write(
      inner,
      db
        .insertInto("passkey")
        .values({
          tenant_id: tenantOf(inner).id,
          passkey_id: id,
          member_id: memberId,
          name: keys.seal(passkeyNameCell(id), name),
          credential_hash: credentialHash(keys, credential.id),
          credential: keys.seal(credentialCell(id), JSON.stringify(kept)),
          counter: credential.counter,
          created_at: inner.clock(),
        })
        .onConflict((on) => on.columns(["tenant_id", "credential_hash"]).doNothing()),
    );
    if (count === 0) throw appError("wrong_state", { message: "This passkey is already in use here." });
    const recoveryCodes = await firstRecoveryCodes(inner, memberId);
    await proveFactor(inner, "passkey");
    if (!hasFactor(factors)) await endUnproved(inner, memberId);
    record(inner, { event: "factor.passkey-added", resource: { type: "passkey", id }, method: "passkey" });
    await notify(inner, memberId, "new-factor", { factor: "passkey", name });
    return { id, name, recoveryCodes };
  });
}

/** Gives one of one's own passkeys another name. Throws `not_found`. */
export async function renamePasskey(
  ctx: Ctx,
  id: string,
  name: string,
): Promise<{ id: string; name: string }> {
  return unit(ctx, async (inner) => {
    const keys = await keysOf(inner);
    const [[before]] = await read(
      inner,
      db
        .selectFrom("passkey")
        .select("name")
        .where("passkey_id", "=", id)
        .where("member_id", "=", standingOf(inner).memberId)
        .forUpdate(),
    );
    if (!before) throw appError("not_found");
    await write(
      inner,
      db
        .updateTable("passkey")
        .set({ name: keys.seal(passkeyNameCell(id), name) })
        .where("passkey_id", "=", id),
    );
    record(inner, {
      event: "factor.passkey-renamed",
      resource: { type: "passkey", id },
      changes: { name: [keys.openText(passkeyNameCell(id), before.name), name] },
    });
    return { id, name };
  });
}

/** Removes one of one's own passkeys. Throws `not_found`, `in_use`. */
export async function removePasskey(ctx: Ctx, id: string): Promise<void> {
  await unit(ctx, async (inner) => {
    const { memberId } = standingOf(inner);
    const factors = await lockFactors(inner, memberId);
    const { count } = await write(
      inner,
      db.deleteFrom("passkey").where("passkey_id", "=", id).where("member_id", "=", memberId),
    );
    if (count === 0) throw appError("not_found");
    const after = { ...factors, passkeys: factors.passkeys - 1 };
    checkMayRemove(inner, after);
    if (!hasFactor(after)) await leaveWithoutFactor(inner, memberId);
    record(inner, { event: "factor.passkey-removed", resource: { type: "passkey", id } });
    await notify(inner, memberId, "factor-removed", { factor: "passkey" });
  });
}

/** A passkey as a check of its signature needs it. */
export interface StoredPasskey {
  readonly id: string;
  readonly memberId: string;
  readonly credential: WebAuthnCredential;
}

export async function passkeyByCredential(ctx: Ctx, credentialId: string): Promise<StoredPasskey | null> {
  const keys = await keysOf(ctx);
  const [[row]] = await read(
    ctx,
    db.selectFrom("passkey").selectAll().where("credential_hash", "=", credentialHash(keys, credentialId)),
  );
  if (!row) return null;
  const { id, publicKey } = openCredential(keys, row);
  const bytes = new Uint8Array(Buffer.from(publicKey, "base64url"));
  return {
    id: row.passkey_id,
    memberId: row.member_id,
    credential: { id, publicKey: bytes, counter: Number(row.counter) },
  };
}

/** What the browser may ask a member's authenticators for. */
export async function knownCredentials(ctx: Ctx, memberId: string): Promise<Known[]> {
  const keys = await keysOf(ctx);
  const [rows] = await read(
    ctx,
    db.selectFrom("passkey").select(["passkey_id", "credential"]).where("member_id", "=", memberId),
  );
  return rows.map((row) => openCredential(keys, row));
}

/**
 * Notes a use. False when an authenticator that counts did not count on: of two signatures with one number, one is a
 * copy's (WebAuthn level 3, 6.1.1). In the open unit of work.
 */
export async function countUse(ctx: Ctx, id: string, counter: number): Promise<boolean> {
  const { count } = await write(
    ctx,
    db
      .updateTable("passkey")
      .set({ counter, last_used_at: ctx.clock() })
      .where("passkey_id", "=", id)
      .where((on) => on.or([on("counter", "<", counter), ...(counter === 0 ? [on("counter", "=", 0)] : [])])),
  );
  return count === 1;
}

export const credentialHash = (keys: TenantKeys, id: string): Buffer => keys.lookup("passkey.credential", id);

const openCredential = (keys: TenantKeys, row: { passkey_id: string; credential: Buffer }): Kept =>
  JSON.parse(keys.openText(credentialCell(row.passkey_id), row.credential)) as Kept;

const tooMany = () =>
  appError("quota", { message: `At most ${MOST} passkeys. Remove one that you no longer use.` });

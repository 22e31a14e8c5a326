import { record } from "../../../kernel/audit.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { crossInto, read, readOne, unit, write } from "../../../kernel/database/unit.ts";
import { appError, isAppError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import { addressHash } from "../../identity/addresses.ts";
import { addInvitation } from "../../identity/invitations/service.ts";
import { addressCell, nameCell, passwordCell } from "../../identity/members.ts";
import { notify } from "../../identity/notices/service.ts";
import { keepCosts, learnCosts } from "../../identity/passwords/costs.ts";
import { foreignContext } from "../tenants/service.ts";
import { checkRows, type Newcomer, placeOf, type Refused, type Row } from "./rows.ts";

/**
 * Adds people to a workspace that this operator created, each by themself: those with a hash become members whose
 * address is not confirmed, the others are invited. Tells the workspace's owners, and records it in both logs. Throws
 * `not_found` for every other workspace, the operator's own among them; `wrong_state` while no owner is there to be told.
 */
export async function importUsers(
  ctx: Ctx,
  customerId: string,
  rows: readonly Row[],
): Promise<{ added: number; refused: Refused[] }> {
  const { good, refused } = checkRows(rows);
  const withHash = good.filter((row) => row.password !== null);
  let added = 0;
  await unit(ctx, async (inner) => {
    const customer = await readOne(
      inner,
      db.selectFrom("operator_tenant").select("slug").where("customer_id", "=", customerId),
    );
    if (!customer) throw appError("not_found");
    record(inner, {
      event: "tenant.users-imported",
      resource: { type: "tenant", id: customerId },
      changes: { rows: [null, rows.length], refused: [null, refused.length] },
    });
    await keepCosts(
      inner,
      withHash.map((row) => row.password?.cost ?? ""),
    );
    await crossInto(inner, foreignContext(ctx, customerId, customer.slug), async (tenant) => {
      const active = await readOne(
        tenant,
        db.selectFrom("tenant").select("state").where("state", "=", "active"),
      );
      if (!active) throw appError("not_found");
      await checkOwner(tenant);
      const taken = await addMembers(tenant, withHash);
      const uninvited = await inviteEach(
        tenant,
        good.filter((row) => row.password === null),
      );
      refused.push(...taken, ...uninvited);
      added = good.length - taken.length - uninvited.length;
      if (added > 0) await tellOwners(tenant, added);
      record(tenant, {
        event: "tenant.users-imported",
        resource: { type: "tenant", id: customerId },
        changes: { added: [null, added], refused: [null, refused.length] },
      });
    });
  });
  await learnCosts(ctx.system).catch((error: unknown) => {
    // The people are there; the next sign-in measures again.
    ctx.log.warn({ err: error }, "costs of hashes were not measured");
  });
  return { added, refused: refused.sort((a, b) => a.row - b.row) };
}

/** Whoever is brought along must not be there before somebody who can see it and send them away. */
async function checkOwner(ctx: Ctx): Promise<void> {
  const owner = await readOne(
    ctx,
    db
      .selectFrom("member")
      .select("member_id")
      .where("role", "=", "owner")
      .where("status", "=", "active")
      .where("verified_at", "is not", null)
      .limit(1),
  );
  if (!owner)
    throw appError("wrong_state", {
      message: "The first owner has not joined yet: they are told of everyone who is brought along.",
    });
}

/** In one statement; answers those whose address somebody has. */
async function addMembers(ctx: Ctx, people: readonly Newcomer[]): Promise<Refused[]> {
  if (people.length === 0) return [];
  const keys = await keysOf(ctx);
  const { id: tenantId } = tenantOf(ctx);
  const members = people.map((person) => ({ id: newId(), person }));
  const { rows } = await write(
    ctx,
    db
      .insertInto("member")
      .values(
        members.map(({ id, person }) => ({
          tenant_id: tenantId,
          member_id: id,
          address_hash: addressHash(keys, person.address),
          address: keys.seal(addressCell(id), person.address),
          name: keys.seal(nameCell(id), person.name),
          password: person.password && keys.seal(passwordCell(id), person.password.hash),
          role: person.role,
        })),
      )
      .onConflict((on) => on.doNothing())
      .returning("member_id"),
  );
  const added = new Set(rows.map((row) => row.member_id));
  return members.flatMap(({ id, person }) => {
    if (!added.has(id)) return [refusedAs(person, appError("already_member"))];
    record(ctx, {
      event: "member.imported",
      resource: { type: "member", id },
      changes: { address: [null, person.address], role: [null, person.role] },
    });
    return [];
  });
}

/** Answers those who are members already, or invited. */
async function inviteEach(ctx: Ctx, people: readonly Newcomer[]): Promise<Refused[]> {
  const refused: Refused[] = [];
  for (const person of people) {
    const role = { role: person.role, roleId: null, granted: null };
    try {
      const { id } = await addInvitation(
        ctx,
        person.address,
        role,
        null,
        "The operator of this installation",
      );
      record(ctx, {
        event: "invitation.created",
        resource: { type: "invitation", id },
        changes: { address: [null, person.address], role: [null, person.role] },
      });
    } catch (error) {
      if (!isAppError(error) || (error.code !== "already_member" && error.code !== "already_invited"))
        throw error;
      refused.push(refusedAs(person, error));
    }
  }
  return refused;
}

const refusedAs = (person: Newcomer, { code, message }: Pick<Refused, "code" | "message">): Refused => ({
  ...placeOf(person, person.number),
  code,
  message,
});

/** Whoever joins without being invited by the workspace does so in its owners' sight. */
async function tellOwners(ctx: Ctx, count: number): Promise<void> {
  const [owners] = await read(
    ctx,
    db.selectFrom("member").select("member_id").where("role", "=", "owner").where("status", "=", "active"),
  );
  for (const { member_id } of owners) await notify(ctx, member_id, "people-imported", { count });
}

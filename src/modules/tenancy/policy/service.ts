import { record } from "../../../kernel/audit.ts";
import { days, later } from "../../../kernel/clock.ts";
import { type Ctx, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne, unit, write } from "../../../kernel/database/unit.ts";
import { actAlone } from "../../identity/roles/acting.ts";

/** What signing in asks of everybody here. */
export interface Policy {
  readonly secondFactor: { readonly requiredFrom: string | null };
  readonly passwords: "composed" | "passphrase";
}

export interface PolicyChange {
  readonly secondFactor?: { readonly required: boolean; readonly graceDays: number } | undefined;
  readonly passwords?: Policy["passwords"] | undefined;
}

export async function readPolicy(ctx: Ctx): Promise<Policy> {
  const row = await readOne(ctx, db.selectFrom("tenant").select(["factor_required_from", "passwords"]));
  return {
    secondFactor: { requiredFrom: row?.factor_required_from?.toISOString() ?? null },
    passwords: row?.passwords === "passphrase" ? "passphrase" : "composed",
  };
}

/**
 * Changes what signing in asks. Roles that may do what a manager may not need a second factor whatever is said here;
 * everybody else from the end of the grace period on.
 */
export async function changePolicy(ctx: Ctx, { secondFactor, passwords }: PolicyChange): Promise<Policy> {
  return unit(ctx, async (inner) => {
    await actAlone(inner);
    const before = await readPolicy(inner);
    const from = secondFactor?.required ? later(inner.clock(), days(secondFactor.graceDays)) : null;
    await write(
      inner,
      db
        .updateTable("tenant")
        .set({
          passwords: passwords ?? before.passwords,
          ...(secondFactor ? { factor_required_from: from } : {}),
        })
        .where("tenant_id", "=", tenantOf(inner).id),
    );
    const after = await readPolicy(inner);
    record(inner, {
      event: "policy.changed",
      resource: { type: "tenant", id: tenantOf(inner).id },
      changes: {
        ...(secondFactor
          ? { factorRequiredFrom: [before.secondFactor.requiredFrom, after.secondFactor.requiredFrom] }
          : {}),
        ...(passwords ? { passwords: [before.passwords, after.passwords] } : {}),
      },
    });
    return after;
  });
}

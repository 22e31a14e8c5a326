import { randomBytes, randomInt } from "node:crypto";
import { sql } from "kysely";
import { record } from "../../../kernel/audit.ts";
import { type BuiltInRole, type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { isOutcomeUnknown, unit, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { roles } from "../../../kernel/permissions.ts";
import type { System } from "../../../kernel/system.ts";
import { addressHash } from "../../identity/addresses.ts";
import { addressCell, nameCell, passwordCell } from "../../identity/members.ts";
import { hashPassword } from "../../identity/passwords/hash.ts";
import { insertTenant } from "../../tenancy/tenants/service.ts";
import { type CanaryMember, type Part, readCanaries, sealSecrets } from "./store.ts";

const PARTS: readonly Part[] = ["attacker", "victim"];

/**
 * Makes whichever of the two canary tenants is missing, with two members of each built-in role, in one transaction each:
 * cut off in between, the next call goes on. No operator created them, so they stand in no operator's list.
 */
export async function makeTenants(system: System): Promise<void> {
  const there = await readCanaries(system);
  const marker = there[0]?.secrets.marker ?? randomWord(20);
  for (const part of PARTS)
    if (!there.some((canary) => canary.part === part)) await makeTenant(system, part, marker);
}

async function makeTenant(system: System, part: Part, marker: string): Promise<void> {
  const id = newId();
  const slug = randomWord(14);
  await system.keyring.create(id);
  try {
    await unit(jobContext(system, { tenantId: id, slug }), async (ctx) => {
      await insertTenant(ctx, "canary", `Canary ${marker}`);
      const people: CanaryMember[] = [];
      for (const role of roles)
        for (const first of FIRST_NAMES) people.push(await insertMember(ctx, first, role, marker));
      const secrets = { marker, people, objects: {}, keysMadeAt: null };
      await write(
        ctx,
        sql`insert into platform.canary (tenant_id, slug, part, created_at, identifiers, secrets)
            values (${id}, ${slug}, ${part}, ${ctx.clock()}, ${[id, ...people.map((p) => p.id)]},
                    ${await sealSecrets(system, id, secrets)})`,
      );
      record(ctx, { event: "tenant.created", resource: { type: "tenant", id } });
    });
  } catch (error) {
    // A lost connection may have lost only the answer: then the tenant is there and needs its keys.
    if (!isOutcomeUnknown(error)) await system.keyring.destroy(id);
    throw error;
  }
}

const FIRST_NAMES = ["Ada", "Bo"];

async function insertMember(
  ctx: Ctx,
  first: string,
  role: BuiltInRole,
  marker: string,
): Promise<CanaryMember> {
  const keys = await keysOf(ctx);
  const id = newId();
  const name = `${first} ${role} ${marker}`;
  // Below `.invalid`: no mail leaves for it, and none is kept.
  const address = `${randomWord(12)}@${marker}.invalid`;
  await write(
    ctx,
    db.insertInto("member").values({
      tenant_id: tenantOf(ctx).id,
      member_id: id,
      address_hash: addressHash(keys, address),
      address: keys.seal(addressCell(id), address),
      name: keys.seal(nameCell(id), name),
      password: keys.seal(passwordCell(id), await passwordOfNobody(ctx)),
      role,
      verified_at: ctx.clock(),
    }),
  );
  return { id, name, address, role, key: null, deadKeys: [] };
}

const hashes = new WeakMap<System, Promise<string>>();

/** The hash of 32 random bytes that are kept nowhere: nobody signs in with it, not even the runner. */
function passwordOfNobody({ system }: Ctx): Promise<string> {
  let hash = hashes.get(system);
  if (!hash) {
    hash = hashPassword(randomBytes(32).toString("base64url"), system.config.passwordHash);
    hashes.set(system, hash);
  }
  return hash;
}

/** Small letters only: they stand the same in a path, in JSON, and in a text that was lower-cased. */
export const randomWord = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode(97 + randomInt(26))).join("");

import type { KnownObject } from "../../../../attacker/contract.ts";
import type { BuiltInRole } from "../../../kernel/context.ts";
import type { System } from "../../../kernel/system.ts";

/** One of the two canary tenants, with what the runner must know of it. */
export interface Canary {
  readonly id: string;
  readonly slug: string;
  readonly part: Part;
  readonly createdAt: Date;
  /** Which version of the program filled it last; null: nothing is in it yet. */
  readonly version: string | null;
  readonly secrets: Secrets;
}

export type Part = "attacker" | "victim";

/** Sealed with the installation's own key: whoever has a copy of the database learns nothing of it. */
export interface Secrets {
  /** Stands in every text of both tenants, and nowhere else. */
  readonly marker: string;
  readonly people: readonly CanaryMember[];
  readonly objects: Readonly<Record<string, readonly KnownObject[]>>;
  readonly keysMadeAt: string | null;
  /** By noun, when what ends by itself was last made anew. */
  readonly renewedAt?: Readonly<Record<string, string>>;
}

export interface CanaryMember {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly role: BuiltInRole;
  /** API keys: a good one, and such as were good once. */
  readonly key: string | null;
  readonly deadKeys: readonly string[];
}

const cell = (id: string) => ({ table: "canary", column: "secrets", row: id });

/** The canary tenants that there are: none, one (cut off while they were made) or two, the attacker first. */
export async function readCanaries(system: System): Promise<Canary[]> {
  const { rows } = await system.pool.query<{
    tenant_id: string;
    slug: string;
    part: Part;
    created_at: Date;
    version: string | null;
    secrets: Buffer;
  }>("select tenant_id, slug, part, created_at, version, secrets from platform.canary order by part");
  const keys = await system.keyring.platform();
  return rows.map((row) => ({
    id: row.tenant_id,
    slug: row.slug,
    part: row.part,
    createdAt: row.created_at,
    version: row.version,
    secrets: JSON.parse(keys.openText(cell(row.tenant_id), row.secrets)) as Secrets,
  }));
}

/** Both, ready to be attacked; null before they are. */
export async function readyCanaries(system: System): Promise<readonly [Canary, Canary] | null> {
  const [attacker, victim] = await readCanaries(system);
  return attacker?.version && victim?.version ? [attacker, victim] : null;
}

/** What a new canary's row holds, sealed. */
export async function sealSecrets(system: System, id: string, secrets: Secrets): Promise<Buffer> {
  return (await system.keyring.platform()).seal(cell(id), JSON.stringify(secrets));
}

/** Notes what was made in a canary, and by which version. Identifiers only ever become more: old things are still there. */
export async function noteFilled(system: System, canary: Canary, secrets: Secrets): Promise<void> {
  const named = [
    canary.id,
    ...secrets.people.map(({ id }) => id),
    ...Object.values(secrets.objects).flatMap((objects) => objects.map(({ id }) => id)),
  ];
  await system.pool.query(
    `update platform.canary set version = $2, secrets = $3,
            identifiers = array(select distinct unnest(identifiers || $4::uuid[])) where tenant_id = $1`,
    [canary.id, system.version, await sealSecrets(system, canary.id, secrets), [...new Set(named)]],
  );
}

/** What others must not touch. */
export async function readDecoys(
  system: System,
): Promise<{ slugs: Map<string, string>; identifiers: Set<string>; marker: string | null }> {
  const { rows } = await system.pool.query<{ tenant_id: string; slug: string; identifiers: string[] }>(
    "select tenant_id, slug, identifiers from platform.canary",
  );
  const [first] = rows.length > 0 ? await readCanaries(system) : [];
  return {
    slugs: new Map(rows.map((row) => [row.slug, row.tenant_id])),
    identifiers: new Set(rows.flatMap((row) => [row.tenant_id, ...row.identifiers])),
    marker: first?.secrets.marker ?? null,
  };
}

import { credentialsOf, genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import { sameAsNothing, unjudgeable } from "../judge.ts";
import { isPrivate, nounOf, objectsFor, unusedIds } from "../objects.ts";
import type { Operation } from "../openapi.ts";
import { allowed, type Person, type Run, rolesOf, someone } from "../run.ts";
import { type AttackClass, hostileBody, type Judgement, type Scene, type Shot } from "../scene.ts";

export const foreignTenant: AttackClass = {
  name: "foreign-tenant",
  claim: "tenancy.isolation-api",
  harmless: "refusals",
  excuse: (op) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    const reads = op.safe && !op.stream;
    return op.tenantScoped || op.ids.length > 0 || reads ? null : "names no tenant and no object of one";
  },
  shots: async (scene) => {
    const { run, op, owner, ids } = scene;
    if (!owner) return [];
    const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
    const shots: Shot[] = [];
    for (const role of rolesOf(elsewhere)) {
      const person = someone(run, elsewhere, role);
      if (!person) continue;
      await revive(run, person);
      const body = await hostileBody(scene, person);
      if (op.ids.length > 0) shots.push(namingAnothers(scene, person, body));
      if (op.ids.length > 1) shots.push(...(await mixing(scene, person, body)));
      // What the other tenant shares among its own is as foreign as what it keeps private.
      const shared = op.safe ? sharedIds(run, op, owner) : null;
      if (shared) shots.push(namingAnothers({ ...scene, ids: { ...ids, ...shared } }, person, body));
      if (op.tenantScoped) shots.push(underItsName(scene, owner, person, body));
      if (op.safe && !op.stream && op.ids.length === 0)
        shots.push(listing(scene, person, foreignIds(run, owner)));
    }
    return shots;
  },
};

export const foreignUser: AttackClass = {
  name: "foreign-user",
  claim: "tenancy.isolation-users",
  harmless: "reads",
  excuse: (op, run) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    if (privateNoun(run, op) !== null) return null;
    if (listed(run, op).some((noun) => isPrivate(run, noun))) return null;
    return op.ids.length > 0
      ? "its object belongs to the tenant, not to one user"
      : "names no object of a user";
  },
  shots: async (scene) => {
    const { run, op, owner } = scene;
    if (!owner) return [];
    const shots: Shot[] = [];
    for (const role of rolesOf(owner.tenant)) {
      const person = someone(run, owner.tenant, role, owner);
      if (!person) continue;
      await revive(run, person);
      if (op.ids.length > 0) shots.push(namingAnothers(scene, person, await hostileBody(scene, person)));
      else shots.push(listing(scene, person, privateIds(run, op, owner)));
    }
    return shots;
  },
};

/** The last identifier of the path, of an object that everybody in the owner's tenant may read. */
function sharedIds(run: Run, op: Operation, owner: Person): Record<string, string> | null {
  const name = op.named ?? undefined;
  const noun = name === undefined ? null : nounOf(op, name);
  if (name === undefined || noun === null || !isPrivate(run, noun)) return null;
  const found = owner.tenant.objects[noun]?.find((item) => item.visibility === "tenant");
  return found ? { [name]: found.id } : null;
}

function underItsName({ run, op, ids }: Scene, owner: Person, person: Person, body: unknown): Shot {
  const ask = genuine(run, op, null, { slug: owner.tenant.slug, ids, body });
  return {
    who: `${person.label} under the other tenant's name`,
    role: person.role,
    ask: { ...ask, headers: { ...ask.headers, ...credentialsOf(run, person, !op.safe) } },
    judge: (answer) => shutOut(answer),
  };
}

/** Of two identifiers in a path one is the caller's own: what the other names must lie in it, or not be there. */
async function mixing(scene: Scene, person: Person, body: unknown): Promise<Shot[]> {
  const { run, op, ids } = scene;
  const own = await objectsFor(run, op, person, !op.safe && !run.harmless);
  if (own.missing !== null || allowed(op, person) === false) return [];
  const naming = op.ids.filter((name) => nounOf(op, name) !== null);
  if (naming.length < 2) return [];
  return naming.map((name) => {
    const mixed = { ...own.ids, [name]: ids[name] ?? "none" };
    const shot = namingAnothers({ ...scene, ids: mixed }, person, body, {
      ...own.ids,
      ...unusedIds(run, { [name]: ids[name] ?? "none" }),
    });
    return { ...shot, who: `${person.label}, with another's {${name}} among their own` };
  });
}

/** Another's identifier must read like one that names nothing: same status, same body. */
function namingAnothers(scene: Scene, person: Person, body: unknown, unused?: Record<string, string>): Shot {
  const { run, op, ids } = scene;
  const slug = person.tenant.slug;
  const expected = allowed(op, person) === false ? [404, 403] : [404];
  // Made here, not when judging: shots run side by side, and the seed must decide what each one holds.
  const twin = genuine(run, op, person, { slug, ids: unused ?? unusedIds(run, ids), body });
  return {
    who: person.label,
    role: person.role,
    ask: genuine(run, op, person, { slug, ids, body }),
    judge: async (answer) => {
      const open = unjudgeable(answer);
      if (open) return open;
      const nothing = await run.client.send(twin);
      const unsure = unjudgeable(nothing);
      if (unsure) return unsure;
      if (!expected.includes(answer.status)) {
        const said = `${answer.status} where ${expected.join(" or ")} was expected`;
        // Before any object is looked for, a 401 or 400 would say nothing of the guard.
        const unguarded = answer.status === nothing.status && [400, 401, 415, 422].includes(answer.status);
        return { verdict: unguarded ? "inconclusive" : "breached", detail: said };
      }
      const tells = sameAsNothing(answer, nothing);
      return tells ? { verdict: "breached", detail: tells } : { verdict: "held", detail: `${answer.status}` };
    },
  };
}

function shutOut(answer: Answer): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  const held = answer.status === 401 || answer.status === 404;
  return {
    verdict: held ? "held" : "breached",
    detail: held ? `${answer.status}` : `${answer.status} where 401 or 404 was expected`,
  };
}

/** A list, read by one who must not see `hidden`. */
function listing(scene: Scene, person: Person, hidden: string[]): Shot {
  const { run, op } = scene;
  return {
    who: person.label,
    role: person.role,
    ask: genuine(run, op, person, { slug: person.tenant.slug, ids: {} }),
    judge: (answer) => {
      const open = unjudgeable(answer);
      if (open) return open;
      const seen = hidden.find((id) => answer.body.includes(id));
      if (seen)
        return {
          verdict: "breached",
          detail: `${answer.status}: the answer names ${seen}, which is another's`,
        };
      return {
        verdict: "held",
        detail: `${answer.status}, naming none of ${hidden.length} objects of others`,
      };
    },
  };
}

export function foreignIds(run: Run, owner: Person): string[] {
  return [...(run.knownIds.get(owner.tenant.slug) ?? [])];
}

export function privateIds(run: Run, op: Operation, owner: Person): string[] {
  const objects = listed(run, op).flatMap((noun) => owner.tenant.objects[noun] ?? []);
  return objects
    .filter((item) => item.visibility === "private" && item.owner === owner.user.userId)
    .map((item) => item.id);
}

function privateNoun(run: Run, op: Operation): string | null {
  const last = op.named ?? undefined;
  const noun = last === undefined ? null : nounOf(op, last);
  return isPrivate(run, noun) ? noun : null;
}

/** The nouns that a route lists: its `x-lists`, or what a path one identifier longer names. */
function listed(run: Run, op: Operation): string[] {
  if (!op.safe || op.ids.length > 0 || op.stream) return [];
  const item = run.operations.find(
    (other) => other.resource && other.path.replace(/\/\{[^}]+\}$/, "") === op.path,
  );
  return [...op.lists, ...(item?.resource && item.path !== op.path ? [item.resource] : [])];
}

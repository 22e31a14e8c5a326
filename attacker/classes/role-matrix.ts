import { bodyFor, genuine, revive, sendGenuine } from "../ask.ts";
import type { Probe } from "../contract.ts";
import { leaksInternals, unjudgeable } from "../judge.ts";
import { objectsFor } from "../objects.ts";
import { allowed, rolesOf, someone } from "../run.ts";
import { type AttackClass, codeOf, hostileBody, type Judgement, probeOf, type Scene } from "../scene.ts";

export const roleMatrix: AttackClass = {
  name: "role-matrix",
  claim: "tenancy.roles",
  harmless: "reads",
  excuse: (op) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    return null;
  },
  shots: async (scene) => {
    const { run, op, owner, ids } = scene;
    if (op.roles === null) return [];
    const denied = rolesOf(run.victim).flatMap((role) => {
      const person = someone(run, run.victim, role, owner);
      return person && allowed(op, person) === false ? [person] : [];
    });
    const shots = [];
    for (const person of denied) {
      await revive(run, person);
      const body = await hostileBody(scene, person);
      shots.push({
        who: person.label,
        role: person.role,
        ask: genuine(run, op, person, { slug: person.tenant.slug, ids, body }),
        judge: (answer: Parameters<typeof unjudgeable>[0]): Judgement => {
          const open = unjudgeable(answer);
          if (open) return open;
          if (answer.status === 403 || answer.status === 404)
            return { verdict: "held", detail: `${answer.status}` };
          if (answer.status === 401)
            return { verdict: "inconclusive", detail: "401 with genuine credentials" };
          return {
            verdict: "breached",
            detail: `${answer.status} for a role that the matrix does not allow`,
          };
        },
      });
    }
    return shots;
  },
  after: async (scene) => {
    const probes: Probe[] = [];
    const { run, op } = scene;
    if (op.roles === null) return probes;
    for (const role of rolesOf(run.victim)) {
      const person = someone(run, run.victim, role);
      if (!person || !allowed(op, person)) continue;
      probes.push(await admit(scene, person));
    }
    return probes;
  },
};

/** A role that the matrix allows, on an object of its own. The control has shown it for the owner's role. */
async function admit(scene: Scene, person: NonNullable<Scene["owner"]>): Promise<Probe> {
  const { run, op, owner, control } = scene;
  const attack = { name: "role-matrix" as const, claim: roleMatrix.claim };
  const by = { who: person.label, role: person.role };
  if (owner && person.role === owner.role && person.tenant === owner.tenant && control?.answer) {
    return probeOf(attack, op, by, control.answer, admitted(control.answer));
  }
  const { ids, handle, missing } = await objectsFor(run, op, person, !op.safe);
  const blocked = missing ?? (handle && !handle.expendable && !op.safe ? `no spare ${handle.noun}` : null);
  if (blocked !== null) {
    const none = { status: 0, headers: {}, body: "", json: undefined, ms: 0, digest: "" };
    return probeOf(attack, op, by, none, { verdict: "inconclusive", detail: blocked });
  }
  const body = await bodyFor(run, op, person);
  const answer = await sendGenuine(run, op, person, { slug: person.tenant.slug, ids, body });
  if (op.method === "DELETE" && answer.status < 300 && handle) run.spent.add(handle.id);
  return probeOf(attack, op, by, answer, leaksInternals(answer) ?? admitted(answer));
}

function admitted(answer: Parameters<typeof unjudgeable>[0]): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  const said = `${answer.status} ${codeOf(answer)}`.trim();
  if (answer.status === 401 || answer.status === 403) {
    return { verdict: "breached", detail: `${said} for a role that the matrix allows` };
  }
  if (answer.status === 404)
    return { verdict: "inconclusive", detail: `${said}: no object that this role may see` };
  return { verdict: "held", detail: `${said}, as the matrix allows` };
}

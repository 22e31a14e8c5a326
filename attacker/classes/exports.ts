import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { leaksInternals, refusedWith, unjudgeable } from "../judge.ts";
import type { Operation } from "../openapi.ts";
import { allowed, type Person, type Run, rolesOf, someone } from "../run.ts";
import { type AttackClass, type Judgement, probeOf, type Scene, type Shot } from "../scene.ts";
import { foreignIds } from "./foreign.ts";

/** What takes much away at once: refused to who may not, and of nobody else's tenant. */
export const exports_: AttackClass = {
  name: "export",
  claim: "tenancy.isolation-everywhere",
  harmless: "reads",
  excuse: (op) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    return op.exports && op.ids.length === 0 ? null : "takes nothing away in bulk";
  },
  shots: async ({ run, op, owner, slug, ids, body }) => {
    const shots: Shot[] = [];
    for (const role of owner ? rolesOf(owner.tenant) : []) {
      const person = owner && someone(run, owner.tenant, role, owner);
      if (!person || allowed(op, person) !== false) continue;
      await revive(run, person);
      for (const [what, query] of forms(op)) {
        const ask = genuine(run, op, person, { slug, ids, body });
        shots.push({
          who: `${person.label}${what}`,
          role,
          ask: { ...ask, path: withQuery(ask.path, query) },
          judge: (answer) => refusedWith(answer, [403, 404]),
        });
      }
    }
    return shots;
  },
  after: async (scene): Promise<Probe[]> => {
    const { run, op, owner } = scene;
    if (!owner) return [];
    const probes: Probe[] = [];
    const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
    for (const role of rolesOf(elsewhere)) {
      const person = someone(run, elsewhere, role);
      if (!person || !allowed(op, person)) continue;
      await revive(run, person);
      for (const [what, query] of forms(op)) probes.push(await taken(scene, owner, person, what, query));
    }
    return probes;
  },
};

async function taken(
  { run, op, control, body }: Scene,
  owner: Person,
  person: Person,
  what: string,
  query: string,
): Promise<Probe> {
  const ask = genuine(run, op, person, { slug: person.tenant.slug, ids: {}, body });
  const answer = await run.client.send({ ...ask, path: withQuery(ask.path, query) });
  const hidden = [...foreignIds(run, owner), ...wordsOf(run, owner)];
  const judged = leaksInternals(answer) ?? judge(answer, hidden, control?.ok === true);
  return probeOf(exports_, op, { who: `${person.label}${what}`, role: person.role }, answer, judged);
}

function judge(answer: Answer, hidden: string[], owned: boolean): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  const seen = hidden.find((one) => answer.body.includes(one));
  if (seen) return { verdict: "breached", detail: `it holds ${seen}, which is another tenant's` };
  if (answer.status >= 300)
    return { verdict: "inconclusive", detail: `${answer.status} where an export was due` };
  if (!owned || answer.body === "") return { verdict: "inconclusive", detail: "nothing was exported" };
  return {
    verdict: "held",
    detail: `${answer.status}, nothing of ${hidden.length} words and objects of another tenant`,
  };
}

/** Each format and kind that the query offers. */
function forms(op: Operation): [what: string, query: string][] {
  const offered = op.parameters.flatMap(({ name, in: place, schema }) =>
    place === "query" && Array.isArray(schema.enum)
      ? schema.enum.map((value): [string, string] => [
          `, as ${value}`,
          `${name}=${encodeURIComponent(String(value))}`,
        ])
      : [],
  );
  return [["", ""], ...offered];
}

function withQuery(path: string, query: string): string {
  return query === "" ? path : `${path.split("?")[0]}?${query}`;
}

function wordsOf(_run: Run, owner: Person): string[] {
  return Object.values(owner.tenant.objects).flatMap((items) => items.flatMap(({ words }) => words ?? []));
}

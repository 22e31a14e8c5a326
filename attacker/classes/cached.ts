import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { unjudgeable } from "../judge.ts";
import type { Operation } from "../openapi.ts";
import { type Person, someone } from "../run.ts";
import { type AttackClass, codeOf, type Judgement, probeOf, type Scene } from "../scene.ts";

/**
 * What one customer was answered must reach no other from any memory: right after the owner's own call, the same address
 * is asked by others, with what asks a cache for its copy.
 */
export const cached: AttackClass = {
  name: "cached",
  claim: "tenancy.isolation-api",
  harmless: "reads",
  excuse: (op) => {
    if (!op.safe) return "changes state: nothing of it is kept";
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    return op.stream ? "a stream has no end that could be kept" : null;
  },
  after: async (scene) => {
    const { owner, control } = scene;
    if (!owner || !control?.ok || !control.answer) return [];
    const probes = [kept(scene, owner, control.answer)];
    const elsewhere = owner.tenant === scene.run.attacker ? scene.run.victim : scene.run.attacker;
    const stranger = someone(scene.run, elsewhere, owner.role);
    for (const person of [null, stranger]) {
      if (person === undefined) continue;
      if (person) await revive(scene.run, person);
      for (const headers of conditions(control.answer))
        probes.push(await again(scene, person, headers, control.answer));
    }
    return probes;
  },
};

/** The owner's own answer says that nobody else may keep it. */
function kept({ op }: Scene, owner: Person, answer: Answer): Probe {
  const control = answer.headers["cache-control"] ?? "";
  const right = /\b(?:no-store|private)\b/.test(control) && !/\bpublic\b/.test(control);
  const detail = control === "" ? "no Cache-Control" : `Cache-Control: ${control}`;
  return probeOf(cached, op, { who: `${owner.label}, reading what is theirs`, role: owner.role }, answer, {
    verdict: right ? "held" : "breached",
    detail: right ? detail : `${detail}: a cache on the way may hand it to others`,
  });
}

/** What a browser sends that has a copy, as far as the owner's answer gives it something to name. */
function conditions(answer: Answer): Record<string, string>[] {
  const validators: Record<string, string>[] = [{ "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT" }];
  validators.push({ "if-none-match": answer.headers.etag ?? "*" });
  return [...validators, { range: "bytes=0-9" }, { "cache-control": "only-if-cached, max-stale=86400" }];
}

async function again(
  scene: Scene,
  person: Person | null,
  headers: Record<string, string>,
  owners: Answer,
): Promise<Probe> {
  const { run, op, ids } = scene;
  // The owner's own address, under the owner's tenant: a memory that goes by the address alone would answer.
  const ask = genuine(run, op, person, { slug: scene.slug, ids });
  const answer = await run.client.send({ ...ask, headers: { ...ask.headers, ...headers } });
  const who = `${person?.label ?? "nobody"}, with ${Object.keys(headers).join()}`;
  return probeOf(cached, op, { who, role: person?.role ?? "none" }, answer, judge(op, answer, owners));
}

function judge(op: Operation, answer: Answer, owners: Answer): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  if (answer.status === 304)
    return { verdict: "breached", detail: "304: tells that the owner's answer is as it was" };
  const refused = [400, 401, 403, 404].includes(answer.status);
  if (!refused)
    return {
      verdict: "breached",
      detail: `${answer.status}${answer.body === owners.body ? " with the owner's own answer" : ""} on ${op.path}`,
    };
  return { verdict: "held", detail: `${answer.status} ${codeOf(answer)}`.trim() };
}

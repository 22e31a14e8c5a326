import { bodyFor, genuine, isSignIn, madeUpAddress, revive } from "../ask.ts";
import type { Answer, Ask } from "../client.ts";
import { isRecord, type Probe } from "../contract.ts";
import { excerpt, wrongErrorShape } from "../judge.ts";
import {
  BAD_IDENTIFIERS,
  badQueries,
  JSON_TYPE,
  malformedBodies,
  malformedForms,
  NAMES_OF_NOTHING,
} from "../malform.ts";
import { objectsFor } from "../objects.ts";
import type { Random } from "../random.ts";
import { isLimited } from "../run.ts";
import {
  type AttackClass,
  fire,
  type Judgement,
  type Scene,
  type Shot,
  visitorFor,
  withControl,
} from "../scene.ts";

export const malformed: AttackClass = {
  name: "malformed",
  claim: "http.errors",
  oneIn: 4,
  harmless: "reads",
  excuse: (op) => {
    const query = op.parameters.some((parameter) => parameter.in === "query");
    return op.body || op.ids.length > 0 || op.tenantScoped || query ? null : "takes no input";
  },
  after: async (scene): Promise<Probe[]> => {
    const fresh = await freshScene(scene);
    const shots = [...(await bodies(fresh)), ...identifiers(fresh), ...queries(fresh)];
    const pending = await fire(fresh, malformed, shots);
    return withControl(pending, scene.control ?? { ok: false, detail: "none was made", answer: null });
  },
};

/** The control may have deleted or used up the scene's object: the bodies need one that is there. */
async function freshScene(scene: Scene): Promise<Scene> {
  const { run, op, owner } = scene;
  if (owner) await revive(run, owner);
  if (!owner || op.safe || op.body === null || op.ids.length === 0) return scene;
  const { ids, handle, missing } = await objectsFor(run, op, owner, true);
  return missing === null ? { ...scene, ids, handle } : scene;
}

async function bodies({ run, op, owner, slug, ids }: Scene): Promise<Shot[]> {
  if (op.body === null) return [];
  const valid = await bodyFor(run, op, owner ?? visitorFor(run));
  // Malformed sign-ins must not count against a real account.
  const body = isSignIn(run, op) && isRecord(valid) ? { ...valid, address: madeUpAddress(run) } : valid;
  const ask = genuine(run, op, owner, { slug, ids, body });
  const all = op.body.type.includes("json") ? malformedBodies(op, body) : malformedForms();
  const usable = isLimited(run, op) ? thin(all, run.random) : all;
  return usable.map(({ what, bytes, type, tolerated }) => ({
    ...by(owner, what),
    ask: { ...ask, headers: { ...ask.headers, "content-type": type ?? JSON_TYPE }, body: bytes },
    judge: (answer: Answer) => refused(answer, owner !== null, tolerated === true),
    needsControl: tolerated !== true,
    ...(tolerated && { mayChange: true }),
  }));
}

/** Where few calls are let through, a sample is sent: the rest would only meet the limit. */
function thin<T>(all: readonly T[], random: Random): T[] {
  const from = [...all];
  return Array.from({ length: Math.min(FEW, from.length) }, () =>
    from.splice(random.int(from.length), 1),
  ).flat();
}
const FEW = 12;

function identifiers({ run, op, owner, slug, ids }: Scene): Shot[] {
  const ask = genuine(run, op, owner, { slug, ids, body: undefined });
  const shots: Shot[] = [];
  for (const [what, raw] of isLimited(run, op) ? BAD_IDENTIFIERS.slice(0, 3) : BAD_IDENTIFIERS) {
    for (const name of op.ids) {
      const path = genuine(run, op, owner, { slug, ids: { ...ids, [name]: MARK } }).path.replace(MARK, raw);
      shots.push(named(`${what} as {${name}}`, { ...ask, path }));
    }
    if (op.tenantScoped) {
      const path = genuine(run, op, owner, { slug: MARK, ids }).path.replace(MARK, raw);
      // To a visitor, a public route may answer as if every tenant were there.
      const tolerated = op.publicBecause !== null && NAMES_OF_NOTHING.includes(what);
      shots.push(named(`${what} as the tenant`, { ...ask, path }, tolerated));
    }
  }
  return shots;

  function named(what: string, hostile: Ask, tolerated = false): Shot {
    return { ...by(owner, what), ask: hostile, judge: (answer) => refused(answer, false, tolerated) };
  }
}
const MARK = "replace-me";

function queries({ run, op, owner, slug, ids }: Scene): Shot[] {
  const ask = genuine(run, op, owner, { slug, ids });
  const base = ask.path.split("?")[0];
  return op.parameters
    .filter((parameter) => parameter.in === "query")
    .flatMap(badQueries)
    .map(([what, raw]) => ({
      ...by(owner, what),
      ask: { ...ask, path: `${base}?${raw}` },
      judge: (answer: Answer) => refused(answer, owner !== null, false),
    }));
}

function by(owner: Scene["owner"], what: string): { who: string; role: string } {
  return { who: `${owner?.label ?? "a visitor"}, ${what}`, role: owner?.role ?? "none" };
}

/** A 4xx in the error shape. `strict`: a 401, 403 or 404 would come from elsewhere than the input. */
function refused(answer: Answer, strict: boolean, tolerated: boolean): Judgement {
  if (answer.status === 0) return { verdict: "inconclusive", detail: `no answer: ${answer.body}` };
  if (answer.status === 429 || answer.status === 503)
    return { verdict: "inconclusive", detail: `${answer.status} after waiting` };
  if (answer.status >= 500) return { verdict: "breached", detail: `${answer.status}: ${excerpt(answer)}` };
  if (answer.body.includes("polluted")) return { verdict: "breached", detail: "the prototype was polluted" };
  if (answer.status < 400) {
    return { verdict: tolerated ? "held" : "breached", detail: `${answer.status}: accepted` };
  }
  const shape = wrongErrorShape(answer);
  if (shape) return { verdict: "breached", detail: `${answer.status}, ${shape}` };
  if (strict && [401, 403, 404].includes(answer.status)) {
    return { verdict: "inconclusive", detail: `${answer.status} says nothing of the input` };
  }
  return { verdict: "held", detail: `${answer.status}` };
}

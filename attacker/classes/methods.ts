import { bodyFor, genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import { excerpt, unjudgeable } from "../judge.ts";
import { allowed, rolesOf, someone } from "../run.ts";
import type { AttackClass, Judgement, Scene, Shot } from "../scene.ts";

export const headAndOptions: AttackClass = {
  name: "head-and-options",
  claim: "tenancy.roles",
  harmless: "reads",
  excuse: () => null,
  shots: async (scene) => [...preflights(scene), ...(await heads(scene))],
};

export const methodOverride: AttackClass = {
  name: "method-override",
  claim: "http.csrf",
  excuse: (op) => (op.safe ? "changes no state" : null),
  shots: async ({ run, op, owner, slug, ids }) => {
    if (owner) await revive(run, owner);
    const has = (method: string) =>
      run.operations.some((other) => other.method === method && other.path === op.path);
    const tunnel = (method: "GET" | "POST"): Shot => {
      const ask = genuine(run, op, owner, { slug, ids });
      const headers: Record<string, string> = { ...ask.headers };
      for (const name of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
        headers[name] = op.method;
      // A GET needs no proof against forgery, so a tunnelled method would come without one.
      if (method === "GET") for (const name of [run.csrfHeader, "content-type"]) delete headers[name];
      const path = `${ask.path}${ask.path.includes("?") ? "&" : "?"}_method=${op.method}`;
      return {
        who: `${owner?.label ?? "a visitor"}, ${op.method} inside ${method}`,
        role: owner?.role ?? "none",
        ask: { method, path, headers, body: method === "POST" ? "{}" : null, stream: op.stream },
        judge: (answer) => tunnelled(answer, has(method)),
        needsControl: !has(method),
      };
    };
    return [...(op.method === "GET" ? [] : [tunnel("GET")]), ...(has("POST") ? [] : [tunnel("POST")])];
  },
};

/** Where the carrying method exists by itself, only the victim's state tells; the scene compares it. */
function tunnelled(answer: Answer, exists: boolean): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  if (!exists && answer.status < 400)
    return { verdict: "breached", detail: `${answer.status}: the tunnelled method ran` };
  return { verdict: "held", detail: `${answer.status}` };
}

function preflights({ run, op, slug, ids }: Scene): Shot[] {
  const { path } = genuine(run, op, null, { slug, ids });
  const origin = "https://attacker.example";
  const headers = {
    origin,
    "access-control-request-method": op.method,
    "access-control-request-headers": run.csrfHeader,
  };
  return [
    {
      who: "a page of another site, asking with OPTIONS",
      role: "none",
      ask: { method: "OPTIONS", path, headers, body: null },
      needsControl: false,
      judge: (answer) => {
        const open = unjudgeable(answer);
        if (open) return open;
        const admits = answer.headers["access-control-allow-origin"];
        const credentials = answer.headers["access-control-allow-credentials"] === "true";
        const opened = admits === origin || admits === "null" || (admits === "*" && credentials);
        if (opened) return { verdict: "breached", detail: `lets ${admits} in` };
        return { verdict: "held", detail: `${answer.status}, opening nothing to other sites` };
      },
    },
  ];
}

async function heads(scene: Scene): Promise<Shot[]> {
  const { run, op, owner, slug, ids } = scene;
  if (!op.safe) return [];
  const ask = { ...genuine(run, op, null, { slug, ids }), method: "HEAD" };
  if (op.publicBecause !== null)
    return [head("nobody", "none", ask, (answer) => unjudgeable(answer) ?? bodyless(answer))];
  const elsewhere = owner?.tenant === run.attacker ? run.victim : run.attacker;
  const strangers = rolesOf(elsewhere).flatMap((role) => someone(run, elsewhere, role) ?? []);
  const denied = rolesOf(run.victim)
    .flatMap((role) => someone(run, run.victim, role, owner) ?? [])
    .filter((person) => allowed(op, person) === false);
  const shots = [head("nobody, with HEAD", "none", ask, (answer) => shut(answer, [401, 404, 405]))];
  for (const person of [...(op.ids.length > 0 && op.tenantScoped ? strangers : []), ...denied]) {
    await revive(run, person);
    const body = await bodyFor(run, op, person);
    const own = { ...genuine(run, op, person, { slug: person.tenant.slug, ids, body }), method: "HEAD" };
    shots.push(
      head(`${person.label}, with HEAD`, person.role, own, (answer) => shut(answer, [403, 404, 405])),
    );
  }
  return shots;
}

function head(who: string, role: string, ask: Shot["ask"], judge: Shot["judge"]): Shot {
  return { who, role, ask: { ...ask, body: null }, judge };
}

function shut(answer: Answer, expected: number[]): Judgement {
  const open = unjudgeable(answer);
  if (open) return open;
  if (!expected.includes(answer.status)) {
    return {
      verdict: "breached",
      detail: `HEAD answered ${answer.status} where ${expected.join(", ")} was expected`,
    };
  }
  return bodyless(answer);
}

function bodyless(answer: Answer): Judgement {
  if (answer.body !== "") return { verdict: "breached", detail: `HEAD carried a body: ${excerpt(answer)}` };
  return { verdict: "held", detail: `${answer.status}` };
}

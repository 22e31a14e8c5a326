import { genuine, goodBody, revive, sendGenuine } from "../ask.ts";
import type { Answer } from "../client.ts";
import { isRecord, type Probe } from "../contract.ts";
import { leaksInternals, unjudgeable } from "../judge.ts";
import { createdId, objectsFor } from "../objects.ts";
import { unusedLike } from "../random.ts";
import { type AttackClass, codeOf, type Judgement, probeOf, type Scene, visitorFor } from "../scene.ts";
import { readState } from "../state.ts";

export const massAssignment: AttackClass = {
  name: "mass-assignment",
  claim: "tenancy.no-escalation",
  excuse: (op) => {
    if (op.safe) return "changes no state";
    if (op.body === null) return "takes no body";
    return op.body.type.includes("json") ? null : "takes a form of files, no object of fields";
  },
  after: async (scene) => {
    const { op, owner } = scene;
    const plain = await call(scene, {});
    const probes: Probe[] = [];
    for (const [what, fields] of groups(scene)) {
      const hostile = await call(scene, fields);
      const by = { who: `${owner?.label ?? "a visitor"}, adding ${what}`, role: owner?.role ?? "none" };
      const judged = leaksInternals(hostile.answer) ?? judge(plain, hostile, fields);
      probes.push(probeOf(massAssignment, op, by, hostile.answer, judged));
    }
    return probes;
  },
};

type Outcome = { answer: Answer; seen: Leaf[]; lost: string | null };
type Leaf = { key: string; value: string };

/** The genuine call with further fields, and everything that its answer and the object's state then say. */
async function call(scene: Scene, fields: Record<string, unknown>): Promise<Outcome> {
  const { run, op, owner, slug } = scene;
  const person = owner ?? visitorFor(run);
  let ids = scene.ids;
  if (owner && op.ids.length > 0) {
    const found = await objectsFor(run, op, owner, true);
    if (found.missing === null) ids = found.ids;
  }
  const valid = await goodBody(run, op, person);
  const body = { ...(isRecord(valid) ? valid : {}), ...fields };
  const answer = await sendGenuine(run, op, owner, { slug, ids, body });
  if (answer.status >= 300 || !owner) return { answer, seen: leaves(answer.json), lost: null };
  const state = await stateAfter(scene, owner, ids, answer);
  const lost =
    typeof state !== "string" && state.text.startsWith("404") ? "its owner no longer finds the object" : null;
  return {
    answer,
    seen: [...leaves(answer.json), ...leaves(typeof state === "string" ? null : state.value)],
    lost,
  };
}

async function stateAfter(
  { run, op }: Scene,
  owner: NonNullable<Scene["owner"]>,
  ids: Record<string, string>,
  answer: Answer,
): ReturnType<typeof readState> {
  const id = op.creates === null ? null : createdId(answer.json, op.creates);
  const item = run.operations.find(
    (other) => other.safe && other.resource === op.creates && other.ids.length === 1,
  );
  if (id === null || !item) return readState(run, op, owner, ids);
  await revive(run, owner);
  const read = await run.client.send(
    genuine(run, item, owner, { slug: owner.tenant.slug, ids: { [item.ids[0] ?? ""]: id } }),
  );
  return { text: `${read.status}`, value: read.json };
}

function groups({ run, op, owner }: Scene): [string, Record<string, unknown>][] {
  const schema = op.body?.schema.properties;
  const declared = new Set(isRecord(schema) ? Object.keys(schema) : []);
  const tenant = run.attacker.id ?? run.attacker.slug;
  const colleague = run.people.find((person) => person.tenant === owner?.tenant && person !== owner)?.user
    .userId;
  const another = colleague ?? "01900000-0000-7000-8000-000000000000";
  const nothing = unusedLike("01900000-0000-7000-8000-000000000000", run.random);
  const past = "2001-02-03T04:05:06.000Z";
  const all: [string, Record<string, unknown>][] = [
    ["another tenant", { tenant_id: tenant, tenantId: tenant, tenant, organizationId: tenant }],
    [
      "another owner",
      { owner: another, ownerId: another, owner_id: another, userId: another, createdBy: another },
    ],
    ["a role", { role: "owner", roles: ["owner"], permissions: ["*"], isAdmin: true, kind: "operator" }],
    ["an identifier and a time", { id: nothing, createdAt: past, created_at: past }],
  ];
  return all.map(([what, fields]) => [
    what,
    Object.fromEntries(Object.entries(fields).filter(([name]) => !declared.has(name))),
  ]);
}

function judge(plain: Outcome, hostile: Outcome, fields: Record<string, unknown>): Judgement {
  const open = unjudgeable(hostile.answer);
  if (open) return open;
  if (plain.answer.status >= 300) {
    const said = `${plain.answer.status} ${codeOf(plain.answer)}`.trim();
    return { verdict: "inconclusive", detail: `no control: without the fields it answered ${said}` };
  }
  if (hostile.answer.status >= 400) return { verdict: "held", detail: `${hostile.answer.status}: refused` };
  if (hostile.lost && !plain.lost) return { verdict: "breached", detail: hostile.lost };
  const injected = leaves(fields);
  const names = new Set(Object.keys(fields).map(plainName));
  // An identifier or a date of ours is telling wherever it turns up; a plain word only under a name that we sent.
  const telling = (value: string) => /^[\w-]{20,}|^\d{4}-/.test(value);
  const taken = hostile.seen.find(
    (leaf) =>
      injected.some((sent) => sent.value === leaf.value) &&
      (telling(leaf.value) || names.has(plainName(leaf.key))) &&
      !plain.seen.some((was) => was.key === leaf.key && was.value === leaf.value),
  );
  return taken
    ? { verdict: "breached", detail: `${hostile.answer.status}: ${taken.key} is now ${taken.value}` }
    : { verdict: "held", detail: `${hostile.answer.status}: ignored` };
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

/** Every value at any depth with the nearest name above it. */
function leaves(value: unknown, key = ""): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, key));
  if (isRecord(value)) return Object.entries(value).flatMap(([name, inner]) => leaves(inner, name));
  return value === null || value === undefined ? [] : [{ key, value: String(value) }];
}

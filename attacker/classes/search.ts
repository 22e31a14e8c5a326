import { genuine, revive } from "../ask.ts";
import type { Answer } from "../client.ts";
import { isRecord, type Probe } from "../contract.ts";
import { excerpt, leaksInternals, unjudgeable } from "../judge.ts";
import type { Operation, Parameter } from "../openapi.ts";
import { putIntoQuery } from "../references.ts";
import { allowed, type Person, type Run, someone } from "../run.ts";
import { typesOf } from "../sample.ts";
import { type AttackClass, type Judgement, pool, probeOf, type Scene, spoken } from "../scene.ts";
import { foreignIds, privateIds } from "./foreign.ts";

/** What lists and searches must show nobody else, whatever operators, filters, sort keys and pages are asked for. */
export const search: AttackClass = {
  name: "search",
  claim: "tenancy.isolation-everywhere",
  harmless: "reads",
  excuse: (op) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    return wordsOf(op).length > 0 ? null : "takes no words, filters or pages";
  },
  after: async (scene): Promise<Probe[]> => {
    const { run, op, owner, control } = scene;
    if (!owner || !control?.ok) return [];
    const words = secretsOf(owner);
    const page = await ownPage(scene, owner);
    await seek(scene, owner, words);
    const elsewhere = owner.tenant === run.attacker ? run.victim : run.attacker;
    const seekers: [Person | null, string[]][] = [
      [seeker(run, op, elsewhere, owner), foreignIds(run, owner)],
      [seeker(run, op, owner.tenant, owner), privateIds(run, op, owner)],
    ];
    const probes: Probe[] = [];
    for (const [person, ids] of seekers) {
      if (!person) continue;
      await revive(run, person);
      const base = genuine(run, op, person, { slug: person.tenant.slug, ids: await idsFor(scene, person) });
      if (op.ids.length > 0 && person.tenant !== owner.tenant) continue;
      const asked = questions(op, words[0] ?? "lantern", owner.user.userId, page);
      const made = await pool(asked, async ([what, name, value, besides = ""]) => {
        const path = `${withParameter(base.path, name, value)}${besides}`;
        const answer = await run.client.send({ ...base, path });
        const judged = leaksInternals(answer) ?? judge(answer, value, [...words, ...ids]);
        return probeOf(search, op, { who: `${person.label}, ${what}`, role: person.role }, answer, judged);
      });
      probes.push(...made);
    }
    return probes;
  },
  finish: async (scenes) => {
    const [scene] = scenes;
    const run = scene?.run;
    if (!scene || !run || run.sought.known === 0 || run.sought.found > 0) return [];
    const detail = "no owner finds the words that stand in their own objects: silence proves nothing";
    return [
      spoken(search, scene.op, { who: "the owners", role: "none" }, { verdict: "inconclusive", detail }),
    ];
  },
};

/** Query parameters that take words: neither numbers nor identifiers. */
function wordsOf(op: Operation): Parameter[] {
  if (!op.safe || op.stream || op.download) return [];
  return op.parameters.filter(
    ({ in: place, schema }) =>
      place === "query" && typesOf(schema).includes("string") && schema.format !== "uuid",
  );
}

function secretsOf(owner: Person): string[] {
  const own = Object.values(owner.tenant.objects).flat();
  return own
    .filter((one) => one.owner === owner.user.userId && one.visibility === "private")
    .flatMap(({ words }) => words ?? []);
}

/** Lists below an object are asked of the owner's own by colleagues: they are refused, whatever the query. */
async function idsFor({ ids }: Scene, _person: Person): Promise<Record<string, string>> {
  return ids;
}

function seeker(run: Run, op: Operation, tenant: Person["tenant"], owner: Person): Person | null {
  const same = someone(run, tenant, owner.role, owner);
  if (same && allowed(op, same) !== false) return same;
  return (
    run.people.find((one) => one.tenant === tenant && one !== owner && allowed(op, one) !== false) ?? null
  );
}

/** The owner looks for their own word: unless somebody finds one, that others find none says nothing. */
async function seek({ run, op, ids }: Scene, owner: Person, words: string[]): Promise<void> {
  const [word] = words;
  if (word === undefined) return;
  run.sought.known++;
  for (const { name } of wordsOf(op).filter(isFreeText)) {
    const ask = genuine(run, op, owner, { slug: owner.tenant.slug, ids });
    const path = withParameter(ask.path, name, word);
    const { status, json } = await run.client.send({ ...ask, path });
    const items = isRecord(json) ? Object.values(json).filter(Array.isArray) : [];
    if (status === 200 && items.some((list) => list.length > 0)) run.sought.found++;
  }
}

const isFreeText = ({ name }: Parameter): boolean => /^(q|query|search|text|term|words?)$/i.test(name);
const isPage = ({ name }: Parameter): boolean => /cursor|page|after|before|next|token/i.test(name);

/** The name of the owner's own second page, which another must get nothing by. */
async function ownPage({ run, op, ids }: Scene, owner: Person): Promise<string | null> {
  const takes = op.parameters.some(({ name }) => name === "limit");
  if (!takes || !wordsOf(op).some(isPage)) return null;
  const ask = genuine(run, op, owner, { slug: owner.tenant.slug, ids });
  const path = withParameter(ask.path, "limit", "1");
  const { json } = await run.client.send({ ...ask, path });
  const next = isRecord(json) ? (json.next ?? json.cursor ?? json.nextCursor) : null;
  return typeof next === "string" ? next : null;
}

type Question = [what: string, name: string, value: string, besides?: string];

function questions(op: Operation, word: string, owner: string, page: string | null): Question[] {
  const asked = ({ name }: Parameter, value: string): Question => {
    const shown = value.length > 30 ? `${value.slice(0, 30)}…` : value;
    return [`?${name}=${shown}`, name, value];
  };
  const found = wordsOf(op).flatMap((parameter) => {
    if (isPage(parameter)) return pages(page).map((value) => asked(parameter, value));
    if (parameter.schema.enum) return KEYS.map((value) => asked(parameter, value));
    const values = isFreeText(parameter)
      ? [word, `${word}*`, `"${word}"`, `${word.slice(0, 7)}%`, `${word.slice(0, 4)}~`, ...OPERATORS]
      : [owner, word, ...OPERATORS.slice(0, FEW)];
    return values.map((value) => asked(parameter, value));
  });
  const more: Question[] = ["tenant", "owner", "all", "scope"].map((name) => {
    const value = name === "owner" ? owner : "true";
    return [`?${name}=… besides`, name, value, `&${name}[]=${value}&${name}[$ne]=x`];
  });
  return [...found, ...more];
}

function withParameter(path: string, name: string, value: string): string {
  return putIntoQuery(path, { name: `?${name}`, in: "query" }, value);
}

const OPERATORS = [
  "%",
  "*",
  "' OR '1'='1",
  '") OR ("1"="1',
  '{"$ne":null}',
  "_",
  "a OR b",
  "NOT zzz",
  "-zzz",
  ".*",
  "\\",
  "(((((",
];
const FEW = 5;
const KEYS = ["tenant_id", "owner desc", "1; select 1", "title,(select 1)"];

function pages(own: string | null): string[] {
  const made = ["0", "-1", "MA", Buffer.from('{"owner":"*","at":0}').toString("base64url")];
  return own === null ? made : [own, `${own.slice(0, -1)}A`, ...made];
}

function judge(answer: Answer, sent: string, hidden: string[]): Judgement {
  if (answer.status >= 500 && answer.status !== 503)
    return { verdict: "breached", detail: `${answer.status}: ${excerpt(answer)}` };
  const open = unjudgeable(answer);
  if (open) return open;
  // An answer that repeats what it was asked tells nothing by that.
  const told = sent.length > 3 ? answer.body.replaceAll(sent, "") : answer.body;
  const seen = hidden.find((one) => told.includes(one));
  if (seen)
    return { verdict: "breached", detail: `${answer.status}: the answer holds ${seen}, which is another's` };
  return {
    verdict: "held",
    detail: `${answer.status}, nothing of ${hidden.length} words and objects of others`,
  };
}

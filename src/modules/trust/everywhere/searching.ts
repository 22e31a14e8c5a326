import type { Finding } from "../../../kernel/controls.ts";
import type { Answer } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import type { Person } from "../stage/people.ts";
import type { Scene, Secret } from "./scene.ts";
import { idOf, toldIn } from "./scene.ts";

/**
 * Search in each of its ways, with words that only one person's document has: whoever may not see that gets nothing of
 * it, no count, no suggestion, no correction, by no filter, right after its owner has found it.
 */
export async function searching({ secrets, strangersTo }: Scene): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const secret of secrets) {
    for (const way of waysOf(secret)) {
      const own = await look(secret.owner, way.query);
      findings.push(finding(way.answers(own), `search: ${way.what}`, "who may see it", inShort(own)));
      for (const { person, who } of strangersTo(secret)) {
        const got = await look(person, way.query);
        findings.push(nothingOf(secret, got, way, who));
      }
      // The other way round too: what strangers asked changes nothing for its owner.
      const again = await look(secret.owner, way.query);
      findings.push(
        finding(way.answers(again), `search again: ${way.what}`, "who may see it", inShort(again)),
      );
    }
    findings.push(
      ...(await atOnce(
        secret,
        strangersTo(secret).map(({ person }) => person),
      )),
    );
    findings.push(...(await otherFilters(secret, strangersTo(secret))));
  }
  return findings;
}

interface Way {
  readonly what: string;
  readonly query: string;
  /** What its owner gets, who may see it. */
  answers(answer: Answer): boolean;
  /** Naming what one may not see is refused. */
  readonly refused?: true;
}

const found = (answer: Answer): boolean => answer.status === 200 && answer.json.items.length > 0;

function waysOf({ words: [first, second, third], title, folder, document }: Secret): Way[] {
  const q = (text: string, more = "") => `q=${encodeURIComponent(text)}${more}`;
  const typo = `${first.slice(0, 5)}${first.slice(6)}`;
  const knows = (answer: Answer) => found(answer) || answer.text.includes(first);
  return [
    { what: "a word", query: q(first), answers: found },
    { what: "a phrase", query: q(`"${first} of ${second}"`), answers: found },
    { what: "words", query: q(`${first} ${second} ${third}`), answers: found },
    { what: "the beginning of a word", query: q(first.slice(0, 6), "&typing=true"), answers: found },
    { what: "a word that is misspelt", query: q(typo), answers: knows },
    { what: "a name", query: q(title), answers: found },
    { what: "a kind", query: q(first, "&kind=text"), answers: found },
    {
      what: "a folder by its identifier",
      query: q(first, `&folder=${folder}`),
      answers: found,
      refused: true,
    },
    {
      what: "a document by its identifier",
      query: q(first, `&document=${document}`),
      answers: found,
      refused: true,
    },
  ];
}

const inShort = ({ status, json }: Answer): string =>
  `${status}, ${json?.items?.length} of ${json?.total} in ${json?.documents} documents`;

const look = (person: Person, query: string): Promise<Answer> => person.client.call("GET", `search?${query}`);

function nothingOf(secret: Secret, answer: Answer, way: Way, who: string): Finding {
  const what = `search: ${way.what}`;
  if (way.refused) return finding(answer.status === 404, what, who, String(answer.status));
  const { items = [], total, didYouMean, corrected } = answer.json ?? {};
  // The identifiers in what was asked are nobody's secret to who asked.
  const told = toldIn(JSON.stringify({ items, didYouMean, corrected }), secret);
  const nothing = answer.status === 200 && told === null && items.length === 0 && (total ?? 0) === 0;
  return finding(
    nothing,
    what,
    who,
    told ? `told ${told}` : `${answer.status}, ${items.length} found of ${total}`,
  );
}

/** All at the same moment, several times: what is kept in memory for one serves no other. */
async function atOnce(secret: Secret, strangers: readonly Person[]): Promise<Finding[]> {
  const query = `q=${secret.words[0]}`;
  const rounds = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const [own, ...others] = await Promise.all([secret.owner, ...strangers].map((who) => look(who, query)));
      return { own: own !== undefined && found(own), others: others.filter(found).length };
    }),
  );
  const right = rounds.every(({ own }) => own);
  const leaked = rounds.reduce((sum, { others }) => sum + others, 0);
  return [
    finding(right && leaked === 0, "search: everybody at once", "all of them", `${leaked} found too much`),
  ];
}

/** Where else a folder or a document can be named to narrow something. */
async function otherFilters(
  { owner, folder, document, words }: Secret,
  strangers: ReturnType<Scene["strangersTo"]>,
): Promise<Finding[]> {
  const saved = { name: "Narrowed", q: words[0], filters: { folder } };
  const asks = (filters: object) => ({ text: `What does the ${words[0]} cost?`, filters });
  const findings: Finding[] = [];
  const all = [{ person: owner, who: "who may see it" }, ...strangers];
  for (const { person, who } of all) {
    const { client } = person;
    const wanted = person === owner ? 201 : 404;
    const chat = await idOf(client, "chats", {});
    const tries: [string, string, object][] = [
      ["a saved search in a folder", "saved-searches", saved],
      ["a question in a folder", `chats/${chat}/questions`, asks({ folder })],
      ["a question about a document", `chats/${chat}/questions`, asks({ document })],
    ];
    for (const [what, path, body] of tries) {
      const { status } = await client.call("POST", path, { body });
      findings.push(finding(status === wanted, what, who, String(status)));
    }
  }
  return findings;
}

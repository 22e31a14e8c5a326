import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse } from "../knowledge/search/analysis.ts";
import { type AnswerPassage, answerExtractively } from "./extractive.ts";

const lease = passage("lease-4", "Lease 12 Acacia Road", "4. Termination", 6, [
  "4.1 This Agreement runs for a fixed term of twelve months from 1 March 2026. 4.2 Either party may end this",
  "Agreement after the fixed term by giving not less than two months' written notice to the other. 4.3 Notice",
  "to the Landlord is to be sent to Mr. P. Harrow, 8 Mill Lane. Keys must be handed back by noon on the last day.",
]);
const rent = passage("lease-2", "Lease 12 Acacia Road", "2. Rent and deposit", 3, [
  "The rent is £1,250.00 per month, payable in advance on the first day of each month. The Tenant shall pay a",
  "deposit of £1,440, which is held by a government-approved scheme. Interest of 3% above base rate is charged on",
  "rent that is more than 14 days late, see clause 11.2.",
]);
const repairs = passage("lease-11", "Lease 12 Acacia Road", "11. Repairs", 9, [
  "11.1 The Landlord shall keep in repair the structure and exterior of the property. 11.2 The Tenant shall report",
  "any defect, e.g. a leaking pipe, within seven days. 11.3 The Tenant must not keep pets without consent.",
]);
const leave = passage("hb-7", "Employee handbook", "Annual leave", 14, [
  "Full-time employees are entitled to 28 days of paid holiday each year, including public holidays. Up to five",
  "unused days may be carried over to the following year with your manager's agreement.",
  "Requests for leave should be made at least four weeks in advance through the staff portal.",
]);
const sick = passage("hb-9", "Employee handbook", "Sickness", 17, [
  "If you are ill, telephone your manager before 9.30 a.m. on the first day of absence. A doctor's certificate is",
  "needed for absences of more than seven days. Statutory sick pay is paid for up to 28 weeks.",
]);
const prices: AnswerPassage = {
  ...passage("prices-1", "Price list 2026", "Cleaning services", null, []),
  text: [
    "All prices exclude VAT.",
    "",
    "| Service | Unit | Price |",
    "| --- | --- | --- |",
    "| Window cleaning | per visit | £45 |",
    "| Carpet cleaning | per room | £60 |",
    "| Oven cleaning | each | £75 |",
  ].join("\n"),
};
const nothing = { parts: [], nothingFound: true, differing: [] };
const everything = [lease, rent, repairs, leave, sick, prices];

test("quotes the sentence that answers, exactly", () => {
  const cases: Array<[question: string, answer: RegExp]> = [
    ["How much notice must be given to end the lease?", /two\s+months' written notice/],
    ["How long is the fixed term?", /fixed term of twelve months/],
    ["How much is the rent?", /^The rent is £1,250\.00 per month/],
    ["What deposit does the tenant pay?", /deposit of £1,440/],
    ["When is the rent payable?", /first day of each month/],
    ["Who is notice to the landlord sent to?", /Mr\. P\. Harrow/],
    ["What interest is charged on late rent?", /Interest of 3%/],
    ["How quickly must the tenant report a defect?", /within seven days/],
    ["May the tenant keep pets?", /must not keep pets/],
    ["How many days of holiday do employees get?", /28 days of paid holiday/],
    ["Can I carry over unused holiday?", /carried over/],
    ["When is a doctor's certificate needed?", /more than seven days/],
    ["What is the price of carpet cleaning?", /^\| Service \| Unit \| Price \|\n\| Carpet cleaning/],
    ["How much does oven cleaning cost?", /Oven cleaning \| each \| £75/],
    ["what does clause 11.2 say about a defect", /^11\.2 /],
  ];
  for (const [question, answer] of cases) {
    const { parts, nothingFound } = ask(question);
    assert.equal(nothingFound, false, question);
    assert.match(parts[0]?.text ?? "", answer, question);
    assert.ok(parts.length <= 4);
  }
});

test("says that nothing was found rather than quote what does not answer", () => {
  const unanswerable = [
    "What is the share price of Acme?",
    "Who won the world cup?",
    "What is the deposit for 99 Poplar Street?",
    "What is the monthly rent at Poplar?",
    "What does clause 27.4 say about the rent?",
    "Does the handbook mention maternity pay?",
    "How do I configure the VPN?",
    "How many parking spaces are there?",
    "the and of",
    "",
    "?!",
  ];
  for (const question of unanswerable) assert.deepEqual(ask(question), nothing, question);
  assert.deepEqual(ask("How much is the rent?", []), nothing);
});

test("takes sentences from several documents, without repeating copies, and shows what they differ in", () => {
  const notice = (id: string, name: string, text: string, at: string) => {
    const one = passage(id, name, "Notice", 1, [text]);
    return { ...one, document: { ...one.document, at: new Date(at) } };
  };
  const question = "What is the notice period for employees?";
  const old = notice("a-1", "Handbook", "The notice period for employees is 1 month.", "2021-03-01");
  const copy = notice("a-2", "Handbook copy", "The notice period for employees is one month.", "2021-04-01");
  const newer = notice(
    "b-1",
    "Handbook 2025",
    "The notice period for employees is three months.",
    "2025-01-02",
  );
  const cited = (passages: AnswerPassage[]) => {
    const { parts, differing } = ask(question, passages);
    return { of: parts.map((part) => part.citations[0]?.passageId), differing };
  };
  assert.deepEqual(cited([old, copy]), { of: ["a-1"], differing: [] });
  // The newest first, whichever search had first.
  assert.deepEqual(cited([old, copy, newer]), { of: ["b-1", "a-1"], differing: [0, 1] });
  assert.deepEqual(cited([newer, old]), { of: ["b-1", "a-1"], differing: [0, 1] });
  // Two rows of one document are two things, not a contradiction.
  assert.deepEqual(ask("What is the price of cleaning?", [prices]).differing, []);
  const other = notice("c-1", "Sailing", "The race for employees of the yard is in June.", "2025-01-02");
  assert.deepEqual(cited([old, other]), { of: ["a-1"], differing: [] });
});

test("quotes with a sentence, an item or a row what it makes no sense without", () => {
  const list = passage("l-1", "Office", "Visitors", null, [
    "Visitors must:",
    "",
    "- sign the book at the desk",
    "- wear a badge of yellow plastic",
    "",
    "The yearly fee is £40. It includes a key and a locker.",
  ]);
  const first = (question: string) => ask(question, [list]).parts[0]?.text;
  assert.equal(first("What must visitors do?"), list.text.slice(0, list.text.indexOf("plastic") + 7));
  assert.equal(first("Where do visitors sign?"), "Visitors must:\n\n- sign the book at the desk");
  const badge = ask("What badge must visitors wear?", [list]).parts[0];
  assert.equal(badge?.text, "Visitors must:\n- wear a badge of yellow plastic");
  assert.equal(badge?.citations.length, 2);
  assert.equal(
    first("What does the yearly fee include?"),
    "The yearly fee is £40. It includes a key and a locker.",
  );
});

test("takes any input", () => {
  const odd = passage("x", "\ud800", null, null, ["\u0000 rent \udfff. ".repeat(2_000)]);
  for (const question of ["rent", "\ud800 rent", "rent ".repeat(5_000), "How much \u0000 rent?"]) {
    const { parts } = answerExtractively(question, [odd, ...everything], { analyse });
    for (const part of parts) assertExact(part, [odd, ...everything]);
  }
});

function ask(question: string, passages: readonly AnswerPassage[] = everything) {
  const answer = answerExtractively(question, passages, { analyse });
  for (const part of answer.parts) assertExact(part, passages);
  return answer;
}

function assertExact(
  part: { text: string; citations: Array<{ passageId: string; start: number; end: number }> },
  passages: readonly AnswerPassage[],
): void {
  assert.ok(part.citations.length > 0);
  const quotes = part.citations.map(({ passageId, start, end }) =>
    passages.find(({ id }) => id === passageId)?.text.slice(start, end),
  );
  assert.equal(quotes.join("\n"), part.text);
}

function passage(
  id: string,
  name: string,
  heading: string | null,
  page: number | null,
  lines: string[],
): AnswerPassage {
  return { id, document: { id: name, name }, page, heading, text: lines.join("\n"), score: 10 };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse } from "../knowledge/search/analysis.ts";
import { complete, type Turn } from "./follow-up.ts";

const turn = (question: string, quote = "", followUp = ""): Turn => ({
  question,
  followUp,
  lentBy: [],
  quotes: quote ? [{ document: "d", text: quote }] : [],
});
const words = (question: string, before: Turn | undefined) =>
  complete(question, before, analyse)?.words ?? null;

test("completes a question that leans on the one before", () => {
  const cases: [before: Turn, question: string, words: string][] = [
    [turn("What is the rent of the office?"), "And for the warehouse?", "rent"],
    [turn("What is the rent of the office?"), "what about the warehouse?", "rent"],
    [
      turn("How many orders did the warehouse handle in 2023?"),
      "What about 2024?",
      "orders warehouse handle",
    ],
    [turn("How often is the fire drill of the office held?"), "And of the warehouse?", "fire drill held"],
    [turn("When does the lease of the warehouse begin?"), "Who signed it?", "lease warehouse begin"],
    [turn("When does the lease of the warehouse begin?"), "Why?", "lease warehouse begin"],
    [
      turn("When does the lease of the warehouse begin?"),
      "And how long does it last?",
      "lease warehouse begin",
    ],
    [turn("And for the warehouse?", "", "rent"), "And for the cellar?", "rent"],
    [
      turn("Who is the caretaker?", "The caretaker is Ms. Tamsin Oakeshott."),
      "What is her phone number?",
      "caretaker Ms Tamsin Oakeshott",
    ],
    [turn("Wie hoch ist die Miete des Büros?"), "Und für das Lager?", "Miete"],
    [
      turn("Wann beginnt der Mietvertrag des Lagers?"),
      "Wer hat ihn unterschrieben?",
      "beginnt Mietvertrag Lagers",
    ],
    [turn("Quel est le loyer du bureau ?"), "Et pour l'entrepôt ?", "loyer"],
    [turn("Quand commence le bail ?"), "Qui l'a signé ?", "commence bail"],
    [turn("¿Cuánto cuesta el alquiler del tractor?"), "¿Y el remolque?", "alquiler"],
    [turn("¿Cuándo empieza el contrato?"), "¿Quién firmó?", "empieza contrato"],
    [turn("Quanto costa la doccia calda?"), "E il lenzuolo?", "costa calda"],
    [turn("Quando apre il rifugio?"), "Perché?", "apre rifugio"],
  ];
  for (const [before, question, lent] of cases) assert.equal(words(question, before), lent, question);
});

test("leaves a question that stands alone as it is", () => {
  const before = turn("What is the rent of the office?", "The rent of Birch House is due on Monday.");
  const alone = [
    "How many days of holiday do staff have?",
    "Who witnessed the lease?",
    "What is commission?",
    "And when does the lease of the cellar end?",
    "Is it allowed to keep a dog in the flat?",
    "How long does it take to repair a boiler?",
    "Are there parking spaces for visitors?",
    "What does the swimming pool cost?",
    "Which documents mention Harrow?",
    "Wie lange dauert die Probezeit?",
    "Gibt es einen Parkplatz für Gäste?",
    "Können Sie mir sagen, wann die Halle öffnet?",
    "Was kostet Eichenholz?",
    "Quand le contrat prend-il fin ?",
    "Y a-t-il un parking ?",
    "¿Cuánto cuesta la piscina?",
    "¿Quién firma las actas?",
    "Quanti posti letto ha il rifugio?",
    "Quanto costa il parcheggio?",
    "押金是多少？",
  ];
  for (const question of alone) assert.equal(words(question, before), null, question);
  assert.equal(words("And for the warehouse?", undefined), null);
});

test("lends names of what was quoted only where they were seen, and says of which documents", () => {
  const asked = "Who is the caretaker?";
  const seen = complete("What is her address?", turn(asked, "The caretaker is Tamsin Oakeshott."), analyse);
  assert.deepEqual([seen?.words, seen?.documents], ["caretaker Tamsin Oakeshott", ["d"]]);
  const unseen = complete("What is her address?", turn(asked), analyse);
  assert.deepEqual([unseen?.words, unseen?.documents], ["caretaker", []]);
});

test("takes any question, in bounded time", () => {
  const before = turn("it ".repeat(2_000), "A ".repeat(2_000));
  for (const question of [
    "",
    "\ud800",
    "and ".repeat(1_000),
    "la ".repeat(1_300),
    "-il".repeat(1_300),
    "a".repeat(4_000),
  ]) {
    const started = performance.now();
    complete(question, before, analyse);
    assert.ok(performance.now() - started < 500, question.slice(0, 10));
  }
});

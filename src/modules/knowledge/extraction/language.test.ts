import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf } from "./language.ts";
import { languageByWords } from "./language-words.ts";

const texts: Readonly<Record<string, string>> = {
  en: "The tenant shall pay the rent on the first day of each month, and the landlord will give a receipt for what has been paid. If the roof leaks, they were to tell the owner, who has it mended within two weeks.",
  de: "Der Mieter zahlt die Miete am ersten Tag des Monats, und der Vermieter bestätigt den Eingang. Wenn das Dach undicht ist, wird es von dem Eigentümer innerhalb von zwei Wochen repariert, auch wenn er nicht selbst im Haus wohnt.",
  fr: "Le locataire paie le loyer le premier jour du mois, et le propriétaire donne une quittance pour les sommes qui sont reçues. Si le toit fuit, il est réparé par le propriétaire dans les deux semaines qui suivent.",
  es: "El inquilino paga la renta el primer día del mes, y el dueño da un recibo por las sumas que recibe. Si el techo gotea, se repara en las dos semanas que siguen, y los gastos son del dueño, no de los inquilinos.",
  it: "Il conduttore paga il canone il primo giorno del mese, e il proprietario rilascia una ricevuta per le somme che sono state pagate. Se il tetto perde, è riparato dal proprietario nelle due settimane che seguono la denuncia.",
};
const others: Readonly<Record<string, string>> = {
  nl: "De huurder betaalt de huur op de eerste dag van de maand en de verhuurder geeft een kwitantie voor wat is betaald. Als het dak lekt, wordt het door de eigenaar binnen twee weken hersteld, ook als hij er niet woont.",
  pt: "O inquilino paga a renda no primeiro dia do mês, e o senhorio dá um recibo das quantias que foram pagas. Se o telhado tiver uma fuga, é reparado pelo dono nas duas semanas seguintes, e os custos são dele.",
  ca: "L'inquilí paga el lloguer el primer dia del mes, i el propietari dona un rebut per les quantitats que han estat pagades. Si el sostre perd aigua, el repara el propietari en les dues setmanes que segueixen.",
};

test("a text that is clearly in one of five languages is told by its small words", () => {
  for (const [language, text] of Object.entries(texts)) assert.equal(languageByWords([text]), language);
});

test("another language is none of them, and is told by the detector", async () => {
  for (const [language, text] of Object.entries(others)) {
    assert.equal(languageByWords([text]), null, language);
    assert.equal(await languageOf([text]), language);
  }
});

test("two languages in equal parts, names and numbers are in none", async () => {
  assert.equal(languageByWords([texts["en"] ?? "", texts["de"] ?? ""]), null);
  assert.equal(languageByWords(["Lena Ortiz 12 Oak Street ".repeat(40)]), null);
  assert.equal(await languageOf(["12 34 56"]), null);
});

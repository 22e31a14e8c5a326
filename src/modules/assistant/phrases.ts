import type { LanguageCode } from "./languages/grammar.ts";
import { languageOf } from "./languages/language.ts";

/** What an answer says itself, in the language of its question. */

export const nothingFound = (question: string): string => nothing[languageOf(question, "en")];

/** `sources` as they are cited: the number of the citation, and when that document's text last changed. */
export function differ(question: string, sources: readonly { n: number; at: Date }[]): string {
  const language = languageOf(question, "en");
  const day = new Intl.DateTimeFormat(locales[language], { dateStyle: "long", timeZone: "UTC" });
  const { begins, changed } = differing[language];
  return `${begins} ${sources.map(({ n, at }) => `[${n}] ${changed} ${day.format(at)}`).join("; ")}.`;
}

const locales: Readonly<Record<LanguageCode, string>> = {
  en: "en-GB",
  de: "de",
  fr: "fr",
  es: "es",
  it: "it",
};

const nothing: Readonly<Record<LanguageCode, string>> = {
  en: "Nothing in the documents that you can see answers this.",
  de: "Nichts in den Dokumenten, die Sie sehen können, beantwortet das.",
  fr: "Rien dans les documents que vous pouvez voir ne répond à cette question.",
  es: "Nada en los documentos que puede ver responde a esto.",
  it: "Nulla nei documenti che può vedere risponde a questa domanda.",
};

const differing: Readonly<Record<LanguageCode, { begins: string; changed: string }>> = {
  en: { begins: "The documents differ:", changed: "last changed on" },
  de: { begins: "Die Dokumente sagen Verschiedenes:", changed: "zuletzt geändert am" },
  fr: { begins: "Les documents se contredisent :", changed: "modifié le" },
  es: { begins: "Los documentos no coinciden:", changed: "modificado el" },
  it: { begins: "I documenti non concordano:", changed: "modificato il" },
};

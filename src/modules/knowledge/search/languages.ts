import { stemmer as stemDutch } from "@orama/stemmers/dutch";
import { stemmer as stemFrench } from "@orama/stemmers/french";
import { stemmer as stemGerman } from "@orama/stemmers/german";
import { stemmer as stemItalian } from "@orama/stemmers/italian";
import { stemmer as stemPortuguese } from "@orama/stemmers/portuguese";
import { stemmer as stemSpanish } from "@orama/stemmers/spanish";
import { stemEnglish } from "./stemmer.ts";

/** Languages whose words are stemmed as their own; others are stemmed as English, which touches a-z only. */
export const languages = ["en", "de", "fr", "es", "it", "nl", "pt"] as const;
export type Language = (typeof languages)[number];

/** What a passage of this language (ISO 639-1, null when it is not known) is stemmed as. */
export const languageOf = (code: string | null): Language =>
  languages.find((language) => language === code) ?? "en";

/** Takes a lower-case word. */
export const stemmers: Record<Language, (word: string) => string> = {
  en: stemEnglish,
  de: stemGerman,
  fr: stemFrench,
  es: stemSpanish,
  it: stemItalian,
  nl: stemDutch,
  pt: stemPortuguese,
};

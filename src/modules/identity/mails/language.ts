import { z } from "zod";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";

export const languages = ["en", "de", "fr"] as const;
export type Language = (typeof languages)[number];

export const Language = z.enum(languages, "Choose en, de or fr.");

/** How a member wants to be spoken to. */
export interface Preferences {
  readonly language: Language;
  /** Of the IANA database, such as `Europe/Zurich`. */
  readonly timeZone: string;
}

export const unsaid: Preferences = { language: "en", timeZone: "UTC" };

/** A time zone of the IANA database that this server knows. */
export const TimeZone = z
  .string()
  .max(60, { error: "A time zone has at most 60 characters.", abort: true })
  .refine(isTimeZone, "This is not a time zone. Use a name such as Europe/Zurich.")
  .meta({ examples: ["Europe/Zurich"] });

export const preferencesCell = (memberId: string) => ({
  table: "member",
  column: "preferences",
  row: memberId,
});

/** What a member chose; before they chose, what `unsaid` proposes. */
export function openPreferences(
  keys: TenantKeys,
  row: { member_id: string; preferences: Buffer | null },
): Preferences {
  if (!row.preferences) return unsaid;
  return JSON.parse(keys.openText(preferencesCell(row.member_id), row.preferences)) as Preferences;
}

/** A moment as people of a language write it, with its zone: there is more than one noon. */
export function inWords(at: Date, preferences: Preferences): string {
  return `${formatOf(preferences).format(at)} (${preferences.timeZone})`;
}

// Making one costs far more than using it, and a page of notices is all of one reader's.
let last: { readonly key: string; readonly format: Intl.DateTimeFormat } | null = null;

function formatOf({ language, timeZone }: Preferences): Intl.DateTimeFormat {
  const key = `${language} ${timeZone}`;
  if (last?.key !== key) {
    const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
      dateStyle: "long",
      timeStyle: "short",
      timeZone,
    });
    last = { key, format };
  }
  return last.format;
}

// Offsets such as `+01:00` are zones to Intl, too, but know no summer time.
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

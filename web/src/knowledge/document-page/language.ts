const names = new Intl.DisplayNames("en-GB", { type: "language" });

/** "German"; null where it is not known. */
export function languageWord(code: string | null): string | null {
  if (!code) return null;
  try {
    return names.of(code) ?? null;
  } catch {
    return null;
  }
}

/** The full address of a passage, to give to somebody else. */
export function urlOfPassage(slug: string, documentId: string, no: number): string {
  return `${window.location.origin}/t/${encodeURIComponent(slug)}/library/${documentId}#p${no}`;
}

/** The passage that an address names by its hash (`p12`). */
export function passageOf(hash: string): number | null {
  const [, digits] = /^#?p(\d{1,9})$/.exec(hash) ?? [];
  return digits === undefined ? null : Number(digits);
}

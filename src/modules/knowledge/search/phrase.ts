import { readPositions } from "./postings.ts";
import type { Query } from "./query.ts";
import type { View } from "./view.ts";

/** Which of the segment's visible passages (1 by ordinal) hold every phrase, word for word in order. */
export function matchPhrases(view: View, phrases: Query["phrases"]): Uint8Array {
  let allowed = Uint8Array.from(view.shown);
  for (const phrase of phrases) {
    if (!allowed.includes(1)) break;
    allowed = matchPhrase(view, phrase, allowed);
  }
  return allowed;
}

/**
 * Word by word, keeps for each passage the places where the phrase could still begin. A word that stands in
 * many passages is read only for those that are left.
 */
function matchPhrase(
  view: View,
  phrase: Query["phrases"][number],
  allowed: Uint8Array,
): Uint8Array<ArrayBuffer> {
  let starts: Map<number, Set<number>> | null = null;
  for (const { term, offset } of phrase) {
    const next = new Map<number, Set<number>>();
    const list: ReturnType<View["whole"]> = view.whole(term);
    if (list?.positions) {
      const { ordinals } = list;
      const before: Map<number, Set<number>> | null = starts;
      readPositions(
        list.positions,
        ordinals.length,
        (i) => allowed[ordinals[i] ?? 0] === 1 && (before === null || before.has(ordinals[i] ?? 0)),
        (i, positions) => {
          const ordinal = ordinals[i] ?? 0;
          const open = before?.get(ordinal);
          const kept = positions.map((p) => p - offset).filter((s) => open === undefined || open.has(s));
          if (kept.length > 0) next.set(ordinal, new Set(kept));
        },
      );
    }
    starts = next;
    if (next.size === 0) break;
  }
  const matched = new Uint8Array(view.shown.length);
  for (const ordinal of starts?.keys() ?? []) matched[ordinal] = 1;
  return matched;
}

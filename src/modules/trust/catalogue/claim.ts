/** What a buyer asks, in the order of the security page. */
export const questions = [
  { id: "other-customers", title: "Can another customer see our data?" },
  { id: "colleagues", title: "Can a colleague?" },
  { id: "sign-in", title: "Who can sign in?" },
  { id: "ai", title: "What does the AI see?" },
  { id: "loss", title: "What if a disk, a key, a laptop is lost?" },
  { id: "tampering", title: "What if someone tampers?" },
  { id: "leaving", title: "How do we leave?" },
  { id: "upkeep", title: "How is the service kept up?" },
  { id: "behind-it", title: "Who stands behind it?" },
] as const;

export type QuestionId = (typeof questions)[number]["id"];

/** One promise. Whether it holds is said by the checks alone; nothing here counts as true. */
export interface Claim {
  /** `module.noun`; the same in the controls, their results and the page. */
  readonly id: string;
  readonly question: QuestionId;
  /** One sentence, the whole promise in its strictest form, in a buyer's words. */
  readonly words: string;
  /** What a green result would still not tell; null when the claim's own words say it all. */
  readonly couldBeWrong: string | null;
  /** "attested": a part of it can only be the operator's word, so that no check may turn it green. */
  readonly kind: "tested" | "attested";
}

type Draft = Pick<Claim, "id" | "words"> & Partial<Pick<Claim, "couldBeWrong" | "kind">>;

/** The claims that stand under one question, in order of the page. */
export function claimsUnder(question: QuestionId, drafts: readonly Draft[]): readonly Claim[] {
  return drafts.map((draft) => ({ couldBeWrong: null, kind: "tested", ...draft, question }));
}

/** A defence, the claim that it serves, and how it is removed in a throw-away copy of the source. */
export interface Defence {
  readonly words: string;
  /** The claim that must turn red without it. */
  readonly claim: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly text: string;
  readonly without: string;
}

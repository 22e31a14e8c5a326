/** A defence, the claim that it serves, and how it is removed in a throw-away copy of the source. */
export interface Defence {
  readonly words: string;
  /** The claim that must turn red without it. */
  readonly claim: string;
  readonly file: string;
  /** Stands once in the file, or as often as `times` says. */
  readonly text: string;
  readonly without: string;
  /** Where two places say the same, as for sealing and opening: both go. */
  readonly times?: 2;
  /** The part of the claim's check that must see it, so that only that is run: `attack` is the attacker's. */
  readonly part?: string;
  /** Of the attack, the operation on which it must be seen: `METHOD /path`. */
  readonly operation?: string;
  /**
   * The stage is set anew without the defence, rather than entered as it was set with it: for what decides how things
   * are written. Removals in db/ always do this.
   */
  readonly anew?: true;
}

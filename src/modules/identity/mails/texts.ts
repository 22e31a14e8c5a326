import type { NoticeFacts, NoticeKind } from "../notices/kinds.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { fr } from "./fr.ts";
import type { Language } from "./language.ts";

/** A mail as it is sent. Subjects are shown on locked screens: no name, no secret, nothing of anybody's content. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
}

/** Says a moment, given in ISO 8601, in the reader's language and time zone. */
export type Moment = (iso: string) => string;

export type LinkPurpose = "verify" | "unlock" | "reset" | "confirm-address";

/** Everything that the product says by mail, and in notices. A language that lacks a text does not compile. */
export interface Texts {
  readonly links: { readonly [P in LinkPurpose]: (link: string) => Letter };
  readonly invitation: (facts: { inviter: string; workspace: string; link: string }) => Letter;
  /** To the old address, with the link that takes the change back. */
  readonly addressAsked: (facts: { to: string; undo: string }) => Letter;
  readonly addressChanged: (facts: { to: string; undo: string; until: string }) => Letter;
  /** To the new one, which is another member's already: nobody is told so but whoever reads its mail. */
  readonly addressTaken: () => Letter;
  /** Of each kind of notice: how it is called where people choose, the mail's subject, and its sentences. */
  readonly notices: {
    readonly [K in NoticeKind]: {
      readonly words: string;
      readonly subject: string;
      readonly text: (facts: NoticeFacts[K], moment: Moment) => string;
    };
  };
  /** Ends a mail about the safety of an account. */
  readonly notYou: string;
  readonly when: (moment: string) => string;
  readonly lookHere: (link: string) => string;
  /** Who the inviter is when nobody of the workspace is. */
  readonly operator: string;
}

const all: Readonly<Record<Language, Texts>> = { en, de, fr };

export const textsIn = (language: Language): Texts => all[language];

import { type Kind as DocumentKind, kindPlates, kindWords } from "./kinds.ts";

/** Kind of a document as a small plate, with its name for who hovers or listens. */
export function Kind({ kind }: { kind: DocumentKind }) {
  return <Plate letters={kindPlates[kind]} words={kindWords(kind)} />;
}

export function Plate({ letters, words }: { letters: string; words: string }) {
  return (
    <span title={words} className="mt-0.5 inline-flex shrink-0">
      <span
        aria-hidden="true"
        className="inline-flex h-5 w-[30px] items-center justify-center rounded-[4px] border border-line bg-surface text-[0.625rem] font-semibold tracking-wide text-muted"
      >
        {letters}
      </span>
      <span className="sr-only">{words}, </span>
    </span>
  );
}

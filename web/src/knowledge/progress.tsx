import { Image } from "lucide-react";
import type { Document } from "../api/types.ts";
import { Glyph } from "../ui/glyph.tsx";
import { partsOf } from "./kinds.ts";

/** What is happening to a document, or why it could not be read, in a glyph and words. Nothing when all of it is readable. */
export function Progress({ document }: { document: Document }) {
  if (document.state === "ready") return <Pictures document={document} />;
  if (document.state === "failed") {
    return (
      <p className="flex gap-1.5 text-small text-broken">
        <span className="pt-0.5">
          <Glyph state="broken" size={13} />
        </span>
        <span>{document.problem?.message ?? "It could not be read. Try again, or add another version."}</span>
      </p>
    );
  }
  const words = { received: "waiting to be read", reading: "being read", indexing: "being indexed" }[
    document.state
  ];
  return (
    <p className="flex items-center gap-1.5 text-small text-muted">
      <Glyph state="working" size={13} />
      {words}
    </p>
  );
}

/** Pages that are pictures hold no text that could be found: said, because nothing else would show it. */
function Pictures({ document: { pictures, pages, kind } }: { document: Document }) {
  if (!pictures) return null;
  const { one, many } = partsOf(kind);
  const of =
    pages && pages > pictures
      ? `${pictures} of ${pages} ${many}`
      : `${pictures} ${pictures === 1 ? one : many}`;
  return (
    <p className="flex items-center gap-1.5 text-small text-muted">
      <Image size={13} strokeWidth={1.8} aria-hidden className="shrink-0" />
      <span>
        {of} {pictures === 1 && !(pages && pages > 1) ? "is a picture" : "are pictures"} without text
      </span>
    </p>
  );
}

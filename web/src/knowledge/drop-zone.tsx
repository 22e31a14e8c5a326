import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { type Dropped, readDropped } from "./uploads/dropped.ts";

/** What letting go does over a folder's row (its id) and over the rest of the page (null); null where nothing may be added. */
type Words = (folder: string | null) => string | null;

/**
 * Takes files and whole folders from the desktop, dropped anywhere on its children, and says where they would go.
 * Over a row that names a folder (`data-folder`) they go into that one.
 */
export function DropZone({
  onDropped,
  children,
  off,
  words,
}: {
  onDropped: (dropped: Dropped, folder: string | null) => void;
  children: ReactNode;
  off: boolean;
  words: Words;
}) {
  /** Undefined: nothing hovers. */
  const [over, setOver] = useState<string | null | undefined>(undefined);
  // Entering a child leaves its parent: the difference of both counts tells whether the pointer is still inside.
  const depth = useRef(0);
  if (off) return <>{children}</>;

  const holdsFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  const folderAt = ({ target }: DragEvent): string | null => {
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-folder]") : null;
    const id = row?.dataset.folder ?? null;
    return id && words(id) !== null ? id : null;
  };
  const said = over === undefined ? null : words(over);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one way of two; the button works by keyboard.
    <div
      className="relative flex flex-1 flex-col"
      onDragEnter={(event) => {
        if (!holdsFiles(event)) return;
        depth.current += 1;
        setOver(folderAt(event));
      }}
      onDragLeave={(event) => {
        if (!holdsFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) setOver(undefined);
      }}
      onDragOver={(event) => {
        if (holdsFiles(event)) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(undefined);
        const folder = folderAt(event);
        if (words(folder) === null) return;
        readDropped(event.dataTransfer).then(
          (dropped) => onDropped(dropped, folder),
          (error) =>
            say(
              error instanceof DOMException
                ? "A file or folder could not be read on this computer."
                : wordsOf(error),
            ),
        );
      }}
    >
      {children}
      {said && (
        <div className="pointer-events-none fixed inset-x-4 bottom-20 z-20 flex justify-center md:bottom-8 md:left-[212px]">
          <p className="max-w-lg rounded-lg border-2 border-dashed border-accent bg-accent-soft px-8 py-5 text-center font-serif text-title shadow-soft">
            {said}
          </p>
        </div>
      )}
      {over === null && (
        <div className="pointer-events-none absolute inset-2 z-10 rounded-lg border-2 border-dashed border-accent" />
      )}
    </div>
  );
}

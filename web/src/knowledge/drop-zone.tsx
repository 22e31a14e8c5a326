import { type DragEvent, type ReactNode, useRef, useState } from "react";

/** Takes files dropped anywhere on its children, and says so while they hover. */
export function DropZone({
  onFiles,
  children,
  off,
  words,
}: {
  onFiles: (files: File[]) => void;
  children: ReactNode;
  off: boolean;
  /** What letting go does. */
  words: string;
}) {
  const [over, setOver] = useState(false);
  // Entering a child leaves its parent: the difference of both counts tells whether the pointer is still inside.
  const depth = useRef(0);
  if (off) return <>{children}</>;

  const holdsFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one way of two; the button works by keyboard.
    <div
      className="relative flex flex-1 flex-col"
      onDragEnter={(event) => {
        if (!holdsFiles(event)) return;
        depth.current += 1;
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!holdsFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) setOver(false);
      }}
      onDragOver={(event) => {
        if (holdsFiles(event)) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-2 z-10 flex items-center justify-center rounded-lg border-2 border-dashed border-accent bg-accent-soft/90">
          <p className="px-6 text-center font-serif text-title">{words}</p>
        </div>
      )}
    </div>
  );
}

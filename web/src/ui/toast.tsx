import { X } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Button, IconButton } from "./button.tsx";

export type Undo = { words: string; act: () => void };
type Toast = { id: number; words: string; undo: Undo | null };

let shown: Toast[] = [];
let hosts: symbol[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** Says in a corner what has just happened, for 7 seconds. With a way back it stays 12, and longer under a pointer. */
export function say(words: string, undo: Undo | null = null): void {
  lastId += 1;
  const toast = { id: lastId, words, undo };
  shown = [...shown.slice(-2), toast];
  tell();
  setTimeout(() => fade(toast.id), undo ? 12_000 : 7000);
}

function dismiss(id: number): void {
  shown = shown.filter((toast) => toast.id !== id);
  tell();
}

// Whoever is about to press the button must not lose it.
function fade(id: number): void {
  const busy = document.querySelector(`[data-toast="${id}"]:is(:hover, :focus-within)`);
  if (busy) setTimeout(() => fade(id), 3000);
  else dismiss(id);
}

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Where the sayings appear: at the foot of the page, and of each open dialog, outside of which nothing can be
 * reached; the innermost shows them. The region is there before its words, so that screen readers hear them come.
 */
export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, () => shown);
  const [own] = useState(() => Symbol("host"));
  const innermost = useSyncExternalStore(subscribe, () => hosts.at(-1) === own);
  useEffect(() => {
    hosts = [...hosts, own];
    tell();
    return () => {
      hosts = hosts.filter((host) => host !== own);
      tell();
    };
  }, [own]);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-50 flex flex-col items-center gap-2 text-left font-sans text-base md:bottom-6 print:hidden"
    >
      {innermost &&
        toasts.map((toast) => (
          <div
            key={toast.id}
            data-toast={toast.id}
            className="appear pointer-events-auto flex max-w-md items-center gap-3 rounded-md border border-line bg-raised py-1.5 pr-1.5 pl-4 text-ink shadow-soft"
          >
            <span className="min-w-0 wrap-anywhere">{toast.words}</span>
            <span className="ml-auto flex items-center">
              {toast.undo && (
                <Button
                  kind="quiet"
                  small
                  className="px-2 text-accent"
                  onClick={() => {
                    dismiss(toast.id);
                    toast.undo?.act();
                  }}
                >
                  {toast.undo.words}
                </Button>
              )}
              <IconButton label="Dismiss" onClick={() => dismiss(toast.id)}>
                <X size={15} aria-hidden />
              </IconButton>
            </span>
          </div>
        ))}
    </div>
  );
}

import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { IconButton } from "./button.tsx";

type Toast = { id: number; words: string };

let shown: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** Says in a corner what has just happened, for 7 seconds. For news that needs no answer. */
export function say(words: string): void {
  lastId += 1;
  const toast = { id: lastId, words };
  change([...shown.slice(-2), toast]);
  setTimeout(() => dismiss(toast.id), 7000);
}

function dismiss(id: number): void {
  change(shown.filter((toast) => toast.id !== id));
}

function change(next: Toast[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where the sayings appear. The region is always in the page, so that screen readers hear what is added. */
export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, () => shown);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-50 flex flex-col items-center gap-2 md:bottom-6 print:hidden"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className="appear pointer-events-auto flex max-w-md items-center gap-3 rounded-md border border-line bg-raised py-1.5 pr-1.5 pl-4 shadow-soft"
        >
          <span>{toast.words}</span>
          <IconButton label="Dismiss" onClick={() => dismiss(toast.id)}>
            <X size={15} aria-hidden />
          </IconButton>
        </div>
      ))}
    </div>
  );
}

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./button.tsx";

/** Puts a text on the clipboard and says so; where the browser refuses, the text is there to be marked. */
export function CopyButton({ text, words = "Copy" }: { text: string; words?: string }) {
  const [state, setState] = useState<"idle" | "done" | "refused">("idle");
  return (
    <span className="inline-flex items-center gap-2">
      <Button
        small
        onClick={() =>
          void navigator.clipboard?.writeText(text).then(
            () => setState("done"),
            () => setState("refused"),
          )
        }
      >
        {state === "done" ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
        {state === "done" ? "Copied" : words}
      </Button>
      <span role="status" className="text-small text-muted">
        {state === "refused" && "The browser does not allow it. Mark the text and copy it."}
        {state === "done" && <span className="sr-only">Copied</span>}
      </span>
    </span>
  );
}

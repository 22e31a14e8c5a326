import { ChevronDown } from "lucide-react";
import { useState } from "react";
import type { Claim } from "../api/types.ts";
import { usePrinting } from "../frame/printing.ts";
import { Glyph } from "../ui/glyph.tsx";
import { count } from "../ui/time.tsx";

/** The claims of a question that no check speaks for yet: counted in the open, one line until it is opened. */
export function NotDone({ claims }: { claims: Claim[] }) {
  const [open, setOpen] = useState(false);
  const printing = usePrinting();
  if (claims.length === 0) return null;
  return (
    <details
      className="group border-t border-line"
      open={open || printing}
      onToggle={(event) => {
        if (!printing) setOpen(event.currentTarget.open);
      }}
    >
      <summary className="flex list-none items-center gap-x-4 rounded-sm py-3 text-muted -outline-offset-2 hover:text-ink [&::-webkit-details-marker]:hidden">
        <Glyph state="not-done" />
        <span>{count(claims.length)} not done yet</span>
        <ChevronDown
          size={15}
          aria-hidden
          className="ml-auto transition-transform group-open:rotate-180 print:hidden"
        />
      </summary>
      <ul className="pb-3 pl-8">
        {claims.map((claim) => (
          <li key={claim.id} className="max-w-[68ch] py-1.5 text-small text-muted">
            {claim.words}
            {/* Only what is more than the line above says already. */}
            {claim.summary && claim.summary !== "Not built yet" && ` ${claim.summary}`}
          </li>
        ))}
      </ul>
    </details>
  );
}

import type { ReactNode } from "react";
import { CopyButton } from "../ui/copy.tsx";

const files: readonly { href: string; name: string; words: string }[] = [
  { href: "/security.md", name: "Summary", words: "every claim with its result, as plain text" },
  { href: "/security.json", name: "The whole page", words: "the same for machines, with the signed results" },
  { href: "/security/checkpoint.txt", name: "Checkpoint", words: "the newest signed state of the audit log" },
  {
    href: "/security/notes.txt",
    name: "Signed notes",
    words: "what was signed of the last attack and the last checks",
  },
];

/** What of this page can be kept. */
export function TakeAway() {
  return (
    <section aria-labelledby="take-away" className="mt-14 break-inside-avoid">
      <h2 id="take-away" className="font-serif text-[1.5rem] leading-tight font-medium">
        Take it with you
      </h2>
      <ul className="mt-3 border-t border-line">
        {files.map(({ href, name, words }) => (
          <li key={href} className="border-b border-line py-2.5">
            <a href={href} download className="text-accent underline underline-offset-3">
              {name}
            </a>
            <span className="text-muted max-sm:block sm:ml-3">{words}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The exact commands with which anybody repeats it, against a copy or against this very server. */
export function Repeat({ seed }: { seed: string | null }) {
  const origin = location.origin;
  return (
    <section
      aria-labelledby="repeat"
      className="mt-16 rounded-lg border border-line bg-surface p-4 sm:p-6 print:break-inside-avoid"
    >
      <h2 id="repeat" className="font-serif text-title font-medium">
        Repeat it from outside
      </h2>
      <p className="mt-2 max-w-[68ch] text-muted">
        It is free software. On a clone of the source, this starts a fresh copy, checks every claim on it and
        attacks it with everything there is:
      </p>
      <Command name="On a copy of your own">
        {"npm run -s vouchsafe -- controls --json\nnpm run -s vouchsafe -- attack --json"}
      </Command>
      <p className="mt-4 max-w-[68ch] text-muted">
        Against this server, ask whoever runs it for two throw-away customers with two people per role, write
        their credentials into a file as attacker/README.md shows, and let the same attacker loose. It needs
        nothing but Node.
      </p>
      <Command name="Against this server">
        {`node attacker/main.ts --openapi ${origin}/api/openapi.json \\\n  --tenants canaries.json --rate 5${seed ? ` --seed ${seed}` : ""} --json`}
      </Command>
    </section>
  );
}

function Command({ name, children }: { name: string; children: string }): ReactNode {
  return (
    <div className="mt-3">
      <p className="mb-1.5 flex items-center justify-between gap-3 text-small text-muted">
        {name}
        <CopyButton text={children} />
      </p>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
        tabIndex={0}
        aria-label={name}
        className="overflow-x-auto rounded-md border border-line bg-paper px-3 py-3.5 sm:px-4 print:overflow-visible"
      >
        <pre className="font-mono text-evidence print:whitespace-pre-wrap">{children}</pre>
      </section>
    </div>
  );
}

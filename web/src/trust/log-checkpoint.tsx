import { useQuery } from "@tanstack/react-query";
import { callGlobal } from "../api/client.ts";
import type { AuditCheckpoint } from "../api/types.ts";
import { CopyButton } from "../ui/copy.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { plural } from "../ui/time.tsx";

/** The newest signed state of the audit log, for whoever keeps it: only a memory elsewhere tells that a log was set back. */
export function LogCheckpoint() {
  const { data } = useQuery({
    queryKey: ["security", "checkpoint"],
    queryFn: () => callGlobal<AuditCheckpoint>("GET", "security/checkpoint"),
    refetchInterval: 60_000,
  });
  if (!data) return null;
  return (
    <section aria-labelledby="log" className="mt-14">
      <h2 id="log" className="font-serif text-[1.5rem] leading-tight font-medium">
        The audit log
      </h2>
      <p className={`mt-3 flex items-start gap-2 ${data.intact ? "text-held" : "text-broken"}`}>
        <span className="mt-1">
          <Glyph state={data.intact ? "held" : "broken"} />
        </span>
        {data.intact
          ? `${plural(data.size, "entry", "entries")} of all customers in one tree of hashes, which only ever grew.`
          : `The audit log ${data.problem}. Nothing more is signed until that is explained.`}
      </p>
      <p className="mt-2 max-w-[68ch] text-muted">
        Keep this checkpoint. With a later one, anybody can check that the log between them was only added to;
        with its export, each customer can check that no entry of theirs was changed or left out. Neither
        needs us.
      </p>
      <Evidence name="Checkpoint" text={data.checkpoint} />
      <Evidence name="Public key" text={data.key} />
      <Evidence name="Verify an export" text={`node verify/main.ts export FILE --key '${data.key}'`} />
    </section>
  );
}

function Evidence({ name, text }: { name: string; text: string }) {
  return (
    <div className="mt-4">
      <p className="mb-1.5 flex items-center justify-between gap-3 text-small text-muted">
        {name}
        <CopyButton text={text} />
      </p>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
        tabIndex={0}
        aria-label={name}
        className="overflow-x-auto rounded-md border border-line bg-surface px-3 py-3 sm:px-4"
      >
        <pre className="font-mono text-evidence print:wrap-anywhere print:whitespace-pre-wrap">
          {text.trimEnd()}
        </pre>
      </section>
    </div>
  );
}

import type { BackupReport } from "../api/types.ts";
import { Glyph, type State } from "../ui/glyph.tsx";
import { bytesOf, count, Moment } from "../ui/time.tsx";

type Run = BackupReport["runs"][number];

const STATES: Record<Run["state"], { state: State; word: string }> = {
  good: { state: "held", word: "read back" },
  failed: { state: "broken", word: "failed" },
  running: { state: "working", word: "is being made" },
};

const PROBLEMS: Record<string, string> = {
  interrupted: "the server ended meanwhile",
  damaged: "what was stored is not what was written",
  incomplete: "a file or a setting is missing",
  unreachable: "the bucket could not be reached",
  refused: "the bucket refused the keys",
  ENOSPC: "the disk is full",
};

/** One row for each archive, newest first. */
export function BackupRuns({ runs }: { runs: readonly Run[] }) {
  if (runs.length === 0)
    return (
      <p className="text-muted">None yet. The first one is made within minutes of the server’s start.</p>
    );
  return (
    <ul className="border-t border-line">
      {runs.map((run) => (
        <li
          key={run.id}
          className="grid gap-x-4 gap-y-0.5 border-b border-line py-3 sm:grid-cols-[11rem_1fr_auto]"
        >
          <span className="flex items-center gap-2">
            <Glyph state={STATES[run.state].state} size={14} />
            <Moment at={run.startedAt} how="full" />
          </span>
          <span className="min-w-0">
            <span className="block">
              {run.kind === "data" ? "Data" : "Keys"}, {STATES[run.state].word}
              {run.problem && `: ${PROBLEMS[run.problem] ?? run.problem}`}
            </span>
            <span className="block font-mono text-mono wrap-anywhere text-muted">
              {run.state === "good" && run.keptAt === null ? "kept no longer" : run.name}
            </span>
          </span>
          <span className="text-small text-muted tabular-nums sm:text-right">
            {run.bytes !== null && bytesOf(run.bytes)}
            {run.kind === "data" && run.rows !== null && (
              <span className="block">
                {count(run.rows)} rows, {count(run.files ?? 0)} files
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

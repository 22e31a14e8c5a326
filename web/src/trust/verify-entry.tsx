import { useState } from "react";
import { checkEntry, type ProvenEntry } from "../../../verify/export.ts";
import { type Checkpoint, fromBase64, readCheckpoint, readKey } from "../../../verify/note.ts";
import { isConsistent } from "../../../verify/tree.ts";
import { callGlobal } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { AuditEntry } from "../api/types.ts";
import { type Session, useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { plural } from "../ui/time.tsx";

type Verdict = { held: boolean; words: string };

/** Checks, in this browser, that an entry stands in the signed log as it is shown here. */
export function VerifyEntry({ entry }: { entry: AuditEntry }) {
  const session = useSession();
  const [state, setState] = useState<"idle" | "busy" | Verdict>("idle");
  const run = async () => {
    setState("busy");
    setState(await verify(session, entry));
  };
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <Button small busy={state === "busy"} onClick={() => void run()}>
        Verify
      </Button>
      <p role="status" className="max-w-[68ch] text-small text-muted">
        {typeof state === "object" && (
          <span className={state.held ? "text-held" : "text-broken"}>
            <span className="mr-1.5 inline-block align-[-3px]">
              <Glyph state={state.held ? "held" : "broken"} size={15} />
            </span>
            {state.words}
          </span>
        )}
      </p>
    </div>
  );
}

async function verify(session: Session, entry: AuditEntry): Promise<Verdict> {
  if (!globalThis.crypto?.subtle)
    return {
      held: false,
      words: "This browser can only verify over HTTPS. Export the log, and verify it with verify/.",
    };
  try {
    const proof = await session.call<ProvenEntry & { key: string }>("GET", `audit/${entry.id}/proof`);
    const key = await readKey(proof.key);
    const problems = await checkEntry(proof, key);
    if (proof.entry.id !== entry.id || proof.entry.event !== entry.event || proof.entry.at !== entry.at)
      problems.push("the proof is of another entry than the one shown");
    if (problems.length > 0)
      return { held: false, words: `Not verified: this entry ${problems.join("; ")}.` };
    const checkpoint = await readCheckpoint(proof.checkpoint, key);
    const past = await sinceLastTime(proof.key, proof.checkpoint, checkpoint);
    if (past.problem !== null) return { held: false, words: past.problem };
    const place = `Unchanged: entry ${proof.number} of this workspace, in a signed log of ${plural(checkpoint.size, "entry", "entries")}.`;
    return {
      held: true,
      words:
        past.size === null
          ? place
          : `${place} The log grew out of the one of ${past.size} that this browser knew.`,
    };
  } catch (error) {
    return {
      held: false,
      words: isApiError(error)
        ? error.message
        : `Not verified: ${error instanceof Error ? error.message : "unreadable"}.`,
    };
  }
}

const MEMORY = "vouchsafe-audit-log";

/**
 * Whether the log grew out of the one that this browser saw last: a log that was set back as a whole shows only to
 * somebody who remembers.
 */
async function sinceLastTime(
  keyText: string,
  note: string,
  now: Checkpoint,
): Promise<{ problem: string | null; size: number | null }> {
  const kept = read();
  if (kept && kept.key !== keyText)
    return {
      problem: "Not verified: the log is signed with another key than the last time this browser looked.",
      size: null,
    };
  const before = kept ? await readCheckpoint(kept.note, await readKey(kept.key)) : null;
  if (before) {
    const { path } = await callGlobal<{ path: string[] }>("GET", "security/consistency", {
      query: { from: before.size, to: now.size },
    }).catch(() => ({ path: ["AAAA"] }));
    if (!(await isConsistent(before.size, before.root, now.size, now.root, path.map(fromBase64))))
      return {
        problem: `Not verified: the log is not a continuation of the one of ${before.size} entries that this browser knew.`,
        size: null,
      };
  }
  localStorage.setItem(MEMORY, JSON.stringify({ key: keyText, note }));
  return { problem: null, size: before?.size ?? null };
}

function read(): { key: string; note: string } | null {
  try {
    return JSON.parse(localStorage.getItem(MEMORY) ?? "null");
  } catch {
    return null;
  }
}

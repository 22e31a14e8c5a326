import { Link } from "@tanstack/react-router";
import { headlineOf, proofLine } from "../trust/headline.ts";
import { useSnapshot } from "../trust/snapshot.ts";
import { Glyph } from "../ui/glyph.tsx";
import { useNow } from "../ui/time.tsx";

/** The last result of the checks, always in sight, linked to its evidence. */
export function ProofBox() {
  const snapshot = useSnapshot();
  const now = useNow();
  const headline = snapshot.data ? headlineOf(snapshot.data, now) : null;
  return (
    <Link
      to="/security"
      className="block rounded-md border border-line bg-surface px-3 py-2.5 text-small transition-colors hover:border-edge"
    >
      {headline && snapshot.data ? (
        <>
          <span className="flex items-center gap-1.5 font-semibold">
            {headline.state !== "held" && <Glyph state={headline.state} size={13} />}
            {headline.short}
          </span>
          <span className="mt-0.5 block text-[0.75rem] text-muted">{proofLine(snapshot.data, now)}</span>
        </>
      ) : (
        <>
          <span className="font-semibold">Security</span>
          <span className="mt-0.5 block text-[0.75rem] text-muted">
            {snapshot.isError ? "The last result could not be loaded" : "Loading the last result"}
          </span>
        </>
      )}
    </Link>
  );
}

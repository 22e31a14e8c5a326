import { useState } from "react";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { useGrowing } from "../../ui/growing.tsx";
import { bytesOf, plural } from "../../ui/time.tsx";
import { useUnfinished } from "./adding.ts";
import { UnfinishedLine } from "./unfinished-line.tsx";
import { UploadLine } from "./upload-line.tsx";
import {
  clearUploads,
  isUnsent,
  knownUploads,
  pauseUpload,
  resumeUpload,
  type Upload,
  useUploads,
} from "./uploads.ts";

/** How the files that were just added are getting on, one by one and together. Gone when there are none. */
export function UploadPanel() {
  const { slug } = useSession();
  const uploads = useUploads(slug);
  const left = useUnfinished().data?.items ?? [];
  const known = knownUploads();
  const unfinished = left.filter(({ id }) => !known.has(id));
  const [chosen, setChosen] = useState<boolean | null>(null);
  const ordered = [...uploads].sort((a, b) => order(a) - order(b));
  const { shown, rest, end } = useGrowing(ordered, "", 60);
  if (!uploads.length && !unfinished.length) return null;

  const asks = uploads.some(({ state, duplicates }) => state === "failed" || duplicates.length > 0);
  const open = chosen ?? (asks || unfinished.length > 0);
  const count = countsOf(uploads);
  const held = uploads.find(({ state }) => state === "held")?.problem;
  const busy = count.unsent + count.reading > 0;
  return (
    <section
      aria-label="Adding documents"
      className="mb-5 rounded-lg border border-dashed border-line bg-surface px-[18px] py-2.5 shadow-none"
    >
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <p role="status" className="min-w-0 flex-1 basis-64">
          <strong className="font-semibold">{headOf(uploads, count, unfinished.length)}</strong>
          {uploads.length > 0 && <span className="text-muted"> · {wordsOf(count)}</span>}
        </p>
        {busy && (
          <span className="flex items-center gap-3">
            <progress
              aria-label="Share of all that has been sent"
              className="progress max-sm:w-32"
              max={1}
              value={count.bytes ? count.sent / count.bytes : 0}
            />
            {count.unsent > 0 && (
              <span className="text-small whitespace-nowrap text-muted">
                {bytesOf(count.sent)} of {bytesOf(count.bytes)}
              </span>
            )}
          </span>
        )}
        <div className="flex gap-1">
          {count.moving > 0 && (
            <Button
              kind="quiet"
              small
              onClick={() => {
                for (const { key, state } of uploads) if (state !== "paused") pauseUpload(slug, key);
              }}
            >
              Pause
            </Button>
          )}
          {count.moving === 0 && count.paused > 0 && (
            <Button
              kind="quiet"
              small
              onClick={() => {
                for (const { key, state } of uploads) if (state === "paused") resumeUpload(slug, key);
              }}
            >
              Go on
            </Button>
          )}
          {uploads.length > 0 && (
            <Button kind="quiet" small aria-expanded={open} onClick={() => setChosen(!open)}>
              Details
            </Button>
          )}
          {!busy && uploads.length > 0 && (
            <Button
              kind="quiet"
              small
              onClick={() => {
                setChosen(null);
                clearUploads(slug);
              }}
            >
              Close
            </Button>
          )}
        </div>
      </div>
      {open && (
        <ul aria-label="Files" className="mt-2 max-h-72 overflow-y-auto border-t border-line pt-1 text-small">
          {unfinished.map((upload) => (
            <UnfinishedLine key={upload.id} upload={upload} />
          ))}
          {shown.map((upload) => (
            <UploadLine key={upload.key} upload={upload} />
          ))}
          {rest > 0 && (
            <li className="py-1 text-muted">
              <div ref={end} />
              and {plural(rest, "more file", "more files")}
            </li>
          )}
        </ul>
      )}
      {count.unsent > 0 && (
        <p className="mt-1 flex items-center gap-1.5 text-small text-muted">
          <Glyph state="stale" size={13} />
          <span role="status">{held ?? "Keep this page open until they are sent."}</span>
        </p>
      )}
    </section>
  );
}

/** What asks for something first, then what is going on, then what is done. */
function order({ state, duplicates }: Upload): number {
  if (state === "failed") return 0;
  if (duplicates.length) return 1;
  return { held: 2, sending: 2, paused: 3, waiting: 4, reading: 5, ready: 6 }[state];
}

type Counts = ReturnType<typeof countsOf>;

function countsOf(uploads: Upload[]) {
  const of = (...states: Upload["state"][]) => uploads.filter(({ state }) => states.includes(state)).length;
  const counted = uploads.filter(({ state }) => state !== "failed");
  return {
    all: uploads.length,
    ready: of("ready"),
    reading: of("reading"),
    failed: of("failed"),
    paused: of("paused"),
    held: of("held"),
    moving: of("waiting", "sending", "held"),
    unsent: uploads.filter(isUnsent).length,
    twice: uploads.filter(({ duplicates }) => duplicates.length > 0).length,
    bytes: counted.reduce((sum, { bytes }) => sum + bytes, 0),
    sent: counted.reduce((sum, upload) => sum + (isUnsent(upload) ? upload.sent : upload.bytes), 0),
  };
}

function headOf(uploads: Upload[], count: Counts, unfinished: number): string {
  if (!uploads.length) return `${plural(unfinished, "upload was", "uploads were")} not finished`;
  if (count.unsent + count.reading > 0) return `Adding ${plural(count.all, "document")}`;
  return count.ready ? `Added ${plural(count.ready, "document")}` : "Nothing was added";
}

function wordsOf(count: Counts): string {
  const sending = count.unsent - count.paused - count.held;
  return [
    sending && `${sending} being sent`,
    count.held && `${count.held} waiting to go on`,
    count.paused && `${count.paused} paused`,
    count.reading && `${count.reading} being read`,
    count.ready && `${count.ready} ready`,
    count.failed && `${count.failed} could not be added`,
    count.twice && `${count.twice} here already`,
  ]
    .filter(Boolean)
    .join(", ");
}

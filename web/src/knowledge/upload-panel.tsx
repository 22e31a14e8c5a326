import { useState } from "react";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { plural } from "../ui/time.tsx";
import { clearUploads, type Upload, useUploads } from "./uploads.ts";

/** How the files that were just added are getting on. Gone when there are none. */
export function UploadPanel() {
  const { slug } = useSession();
  const uploads = useUploads(slug);
  const [open, setOpen] = useState(false);
  if (!uploads.length) return null;
  const ready = uploads.filter((upload) => upload.state === "ready").length;
  const failed = uploads.filter((upload) => upload.state === "failed").length;
  const busy = uploads.length - ready - failed;
  const words = wordsOf(uploads, ready, failed);
  return (
    <section
      aria-label="Adding documents"
      className="mb-5 rounded-lg border border-dashed border-line bg-surface px-[18px] py-2.5 shadow-none"
    >
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <p role="status" className="min-w-0 flex-1 basis-64">
          <strong className="font-semibold">
            {busy
              ? `Adding ${plural(uploads.length, "document")}`
              : ready
                ? `Added ${plural(ready, "document")}`
                : "Nothing was added"}
          </strong>
          <span className="text-muted"> · {words}</span>
        </p>
        {busy > 0 && (
          <progress
            aria-label="Share of the documents that are done"
            className="progress"
            max={1}
            value={shareOf(uploads)}
          />
        )}
        <div className="flex gap-1">
          <Button kind="quiet" small aria-expanded={open} onClick={() => setOpen(!open)}>
            Details
          </Button>
          {busy === 0 && (
            <Button kind="quiet" small onClick={() => clearUploads(slug)}>
              Close
            </Button>
          )}
        </div>
      </div>
      {open && (
        <ul className="mt-2 max-h-64 overflow-y-auto border-t border-line pt-2 text-small">
          {uploads.map((upload) => (
            <li key={upload.key} className="flex flex-wrap items-baseline gap-x-4 py-1">
              <span className="min-w-0 flex-1 basis-40 truncate">{upload.name}</span>
              <span
                className={`flex items-center gap-1.5 ${upload.state === "failed" ? "text-broken" : "text-muted"}`}
              >
                {upload.state === "failed" && <Glyph state="broken" size={13} />}
                {upload.state === "ready" && <Glyph state="held" size={13} />}
                {upload.problem ?? stateWord(upload)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function wordsOf(uploads: Upload[], ready: number, failed: number): string {
  const sending = uploads.filter((upload) => upload.state === "sending" || upload.state === "waiting").length;
  const reading = uploads.filter((upload) => upload.state === "reading").length;
  return [
    sending && `${sending} being sent`,
    reading && `${reading} being read`,
    ready && `${ready} ready`,
    failed && `${failed} could not be added`,
  ]
    .filter(Boolean)
    .join(", ");
}

function stateWord(upload: Upload): string {
  if (upload.state === "sending") return `${Math.round(upload.sent * 100)} % sent`;
  return { waiting: "waiting", reading: "being read", ready: "ready", failed: "could not be added" }[
    upload.state
  ];
}

function shareOf(uploads: Upload[]): number {
  const done = uploads.reduce((sum, { state, sent }) => {
    if (state === "ready" || state === "failed") return sum + 1;
    return sum + sent * 0.5;
  }, 0);
  return done / uploads.length;
}

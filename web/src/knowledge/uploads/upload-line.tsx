import { Link } from "@tanstack/react-router";
import { Pause, Play, RotateCcw, X } from "lucide-react";
import { useSession } from "../../identity/session.tsx";
import { IconButton } from "../../ui/button.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { TextButton } from "../../ui/text-button.tsx";
import { bytesOf } from "../../ui/time.tsx";
import { useDeeds } from "../list/deeds.ts";
import {
  cancelUpload,
  forgetDocument,
  isUnsent,
  keepBoth,
  pauseUpload,
  resumeUpload,
  type Upload,
} from "./uploads.ts";

/** One file: how far it is, what can be done with it, and why it was not taken. */
export function UploadLine({ upload }: { upload: Upload }) {
  const { slug } = useSession();
  const { key, name, state, problem, sent, bytes, documentId } = upload;
  return (
    <li className="grid min-h-9 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 py-0.5 sm:grid-cols-[minmax(0,1fr)_auto_auto]">
      <span className="min-w-0 wrap-anywhere">
        {documentId && state !== "failed" ? (
          <Link
            to="/t/$slug/library/$documentId"
            params={{ slug, documentId }}
            className="underline-offset-3 hover:underline"
          >
            {name}
          </Link>
        ) : (
          name
        )}
      </span>
      <span className="flex min-w-0 flex-wrap items-center gap-x-3 max-sm:order-last max-sm:col-span-2 max-sm:pb-1">
        {state === "sending" && (
          <progress aria-label={`${name}, sent`} className="progress w-24" max={bytes || 1} value={sent} />
        )}
        <span className={`flex items-start gap-1.5 ${state === "failed" ? "text-broken" : "text-muted"}`}>
          <span className="pt-[0.2em]">
            <StateGlyph state={state} />
          </span>
          <span>{problem ?? stateWords(upload)}</span>
        </span>
      </span>
      <span className="flex min-w-7 justify-end">
        {(state === "sending" || state === "held") && (
          <IconButton label={`Pause ${name}`} className="size-7" onClick={() => pauseUpload(slug, key)}>
            <Pause size={14} aria-hidden />
          </IconButton>
        )}
        {state === "paused" && (
          <IconButton label={`Go on with ${name}`} className="size-7" onClick={() => resumeUpload(slug, key)}>
            <Play size={14} aria-hidden />
          </IconButton>
        )}
        {state === "failed" && upload.mayRetry && (
          <IconButton label={`Try ${name} again`} className="size-7" onClick={() => resumeUpload(slug, key)}>
            <RotateCcw size={14} aria-hidden />
          </IconButton>
        )}
        {(isUnsent(upload) || state === "failed") && (
          <IconButton
            label={state === "failed" ? `Take ${name} off this list` : `Cancel ${name} (${bytesOf(bytes)})`}
            className="size-7"
            onClick={() => cancelUpload(slug, key)}
          >
            <X size={14} aria-hidden />
          </IconButton>
        )}
      </span>
      {upload.duplicates.length > 0 && <Twice upload={upload} />}
    </li>
  );
}

function Twice({ upload: { key, documentId, name, duplicates } }: { upload: Upload }) {
  const session = useSession();
  const { bin, busy } = useDeeds();
  const [first] = duplicates;
  if (!first || !documentId) return null;
  return (
    <p className="order-last col-span-full flex flex-wrap items-center gap-x-2.5 pb-1 text-muted">
      <span>
        The same file is already here as{" "}
        <Link
          to="/t/$slug/library/$documentId"
          params={{ slug: session.slug, documentId: first.id }}
          className="text-ink underline decoration-line underline-offset-3"
        >
          {first.name}
        </Link>
        {duplicates.length > 1 && ` and ${duplicates.length - 1} more`}.
      </span>
      <TextButton onClick={() => keepBoth(session.slug, key)}>Keep both</TextButton>
      {session.can("document.delete") && (
        <TextButton
          busy={busy}
          onClick={() =>
            void bin([{ kind: "document", id: documentId, name, in: null }], () =>
              forgetDocument(session.slug, documentId),
            )
          }
        >
          Remove this one
        </TextButton>
      )}
    </p>
  );
}

function StateGlyph({ state }: { state: Upload["state"] }) {
  if (state === "failed") return <Glyph state="broken" size={13} />;
  if (state === "ready") return <Glyph state="held" size={13} />;
  if (state === "reading" || state === "sending") return <Glyph state="working" size={13} />;
  return <Glyph state={state === "held" ? "stale" : "not-run"} size={13} />;
}

function stateWords({ state, sent, bytes }: Upload): string {
  const share = bytes ? Math.floor((sent / bytes) * 100) : 0;
  if (state === "sending") return `${share} % of ${bytesOf(bytes)}`;
  if (state === "paused") return sent ? `paused at ${share} %` : "paused";
  return {
    waiting: "waiting",
    held: "waiting",
    reading: "being read",
    ready: "ready",
    failed: "could not be added",
  }[state];
}

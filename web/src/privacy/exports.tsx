import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { urlOf } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { List } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button, buttonLook } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { bytesOf, count, fullTime } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";

type Kind = "workspace" | "person";

type Export = {
  id: string;
  kind: Kind;
  state: "making" | "ready" | "failed" | "ended";
  encrypted: boolean;
  createdAt: string;
  expiresAt: string;
  done: number;
  total: number;
  parts: { no: number; bytes: number; name: string }[];
};

/** The exports of one kind that this person asked for, and a button for another. */
export function Exports({ kind }: { kind: Kind }) {
  const session = useSession();
  const [asking, setAsking] = useState(false);
  const exports = useQuery({
    queryKey: [session.slug, "exports"],
    queryFn: () => session.call<List<Export>>("GET", "exports", { background: true }),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === "making") ? 1500 : false),
  });
  if (exports.isPending) return <Skeleton label="Loading the exports" lines={2} />;
  if (exports.isError) return <ErrorPanel error={exports.error} onRetry={() => void exports.refetch()} />;
  const items = exports.data.items.filter((one) => one.kind === kind);
  return (
    <>
      {items.length > 0 && (
        <ul className="mb-4 flex flex-col gap-3">
          {items.map((one) => (
            <Line key={one.id} of={one} />
          ))}
        </ul>
      )}
      <Button onClick={() => setAsking(true)}>
        {kind === "workspace" ? "Export the workspace" : "Download my data"}
      </Button>
      {asking && <Ask kind={kind} onClose={() => setAsking(false)} />}
    </>
  );
}

function Line({ of }: { of: Export }) {
  const session = useSession();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => session.call("DELETE", `exports/${of.id}`),
    onSuccess: () => say("The export is deleted."),
    onError: (error) => say(wordsOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "exports"] }),
  });
  return (
    <li className="rounded-md border border-line bg-surface px-4 py-3">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div className="min-w-0">
          <p className="font-medium">Asked for on {fullTime(of.createdAt)}</p>
          <p className="text-small text-muted" role="status">
            {stateOf(of)}
          </p>
        </div>
        <Button small kind="quiet" busy={end.isPending} onClick={() => end.mutate()}>
          Delete<span className="sr-only"> the export of {fullTime(of.createdAt)}</span>
        </Button>
      </div>
      {of.state === "making" && of.total > 0 && (
        <progress
          className="mt-2 h-1.5 w-full accent-[var(--color-accent)]"
          value={of.done}
          max={of.total}
          aria-label="Documents exported"
        />
      )}
      {of.parts.length > 0 && of.state !== "ended" && (
        <ul className="mt-3 flex flex-wrap gap-2">
          {of.parts.map((part) => (
            <li key={part.no}>
              <Fetch of={of} part={part} />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

// No export has so many parts.
const NO_PART = 100_000;

/**
 * A part that is not there is asked for first, so that a lapsed session is renewed and the person confirms that it is they,
 * and no fetch is recorded that was none; then the browser fetches the file, and can go on where it was cut off.
 */
function Fetch({ of, part }: { of: Export; part: Export["parts"][number] }) {
  const session = useSession();
  const href = urlOf(session.slug, `exports/${of.id}/parts/${part.no}`);
  return (
    <a
      href={href}
      download={part.name}
      className={buttonLook("plain", true)}
      onClick={(event) => {
        event.preventDefault();
        session
          .call("GET", `exports/${of.id}/parts/${NO_PART}`)
          .catch((error: unknown) => {
            if (!isApiError(error) || error.code !== "not_found") throw error;
          })
          .then(() => {
            const link = document.createElement("a");
            link.href = href;
            link.download = part.name;
            link.click();
          })
          .catch((error: unknown) => say(wordsOf(error)));
      }}
    >
      {of.parts.length > 1 || of.state === "making" ? `Part ${part.no}` : "Download"}
      <span className="text-muted tabular-nums">{bytesOf(part.bytes)}</span>
    </a>
  );
}

function stateOf({ state, done, total, expiresAt, encrypted }: Export): string {
  const to = encrypted ? " Encrypted to your key." : "";
  if (state === "making")
    return total > 0
      ? `Being made: ${count(done)} of ${count(total)} documents. You can leave this page.`
      : "Being made. You can leave this page.";
  if (state === "failed") return "It could not be made. Delete it and ask again.";
  if (state === "ended") return "Its time is over.";
  return `Ready until ${fullTime(expiresAt)}.${to}`;
}

function Ask({ kind, onClose }: { kind: Kind; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [recipient, setRecipient] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      session.call("POST", kind === "workspace" ? "exports" : "account/exports", {
        body: recipient.trim() ? { recipient: recipient.trim() } : {},
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug, "exports"] });
      onClose();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    ask.mutate();
  }
  return (
    <Dialog
      title={kind === "workspace" ? "Export the whole workspace" : "Download your data"}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        {kind === "workspace" ? (
          <div className="flex flex-col gap-2 text-muted">
            <p>
              Every document and conversation,{" "}
              <strong className="text-ink">also those that are private to a member</strong>, the members,
              groups and shares, and the audit log with its proofs.
            </p>
            <p>Everybody who has something in it is told that it was you. The log says so, too.</p>
          </div>
        ) : (
          <p className="text-muted">
            Your account, your documents and conversations, what you saved, and what the log says of you.
            Nothing that belongs to somebody else.
          </p>
        )}
        <p className="mt-2 text-muted">
          It comes as ZIP files that any computer opens, with a README that says what is where. You can fetch
          it for seven days; then it is deleted.
        </p>
        <details className="mt-4">
          <summary className="text-small font-semibold">Encrypt it to a key of yours</summary>
          <div className="mt-3">
            <Field
              label="Public key of age"
              optional
              value={recipient}
              onChange={(event) => setRecipient(event.target.value)}
              spellCheck={false}
              autoCapitalize="none"
              autoComplete="off"
              placeholder="age1…"
              hint="Made with the program age-keygen. Only its other half opens the files, so keep that safe."
            />
          </div>
        </details>
        {ask.error && (
          <div className="mt-4">
            <Notice>{wordsOf(ask.error)}</Notice>
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={ask.isPending} data-first>
            Make the export
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

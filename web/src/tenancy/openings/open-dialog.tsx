import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { Opening } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { fullTime } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";

export type Opened = { kind: Opening["of"]["kind"]; id: string };

const spans = [
  { minutes: 30, words: "30 minutes" },
  { minutes: 60, words: "1 hour" },
  { minutes: 240, words: "4 hours" },
  { minutes: 1440, words: "24 hours" },
];

/** Opens what belongs to somebody else, for reading and for a time, with a reason that its owner sees. */
export function OpenDialog(props: {
  of: Opened;
  name: string | null;
  onClose: () => void;
  onOpened?: () => void;
}) {
  const session = useSession();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState(30);
  const open = useMutation({
    mutationFn: () =>
      session.call<{ id: string; until: string }>("POST", "openings", {
        body: { of: props.of, reason: reason.trim(), minutes },
      }),
    onSuccess: ({ until }) => {
      void queries.invalidateQueries({ queryKey: [session.slug] });
      props.onClose();
      props.onOpened?.();
      say(`Open to you until ${fullTime(until)}. Its owner sees that.`);
    },
  });
  const fields = isApiError(open.error) ? open.error.fields : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    open.mutate();
  }
  return (
    <Dialog title={titleOf(props.of, props.name)} onClose={props.onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <p className="text-muted">
          {props.of.kind === "member"
            ? "You can read their documents, folders and conversations, and change nothing."
            : "You can read it and change nothing."}{" "}
          The owner sees your name, this reason and until when, at once and afterwards; the activity keeps it.
        </p>
        {open.error && Object.keys(fields).length === 0 && <Notice>{wordsOf(open.error)}</Notice>}
        <Field
          label="Reason"
          required
          minLength={5}
          maxLength={300}
          data-first
          value={reason}
          error={fields.reason}
          onChange={(event) => setReason(event.target.value)}
          placeholder="She is on leave and the tenant asks for the notice"
        />
        <SelectField
          label="For how long"
          value={minutes}
          onChange={(event) => setMinutes(Number(event.target.value))}
          hint="It ends by itself. You can end it earlier."
        >
          {spans.map((span) => (
            <option key={span.minutes} value={span.minutes}>
              {span.words}
            </option>
          ))}
        </SelectField>
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={open.isPending} disabled={reason.trim().length < 5}>
            Open for reading
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function titleOf(of: Opened, name: string | null): string {
  if (of.kind === "member") return `Open what ${name ?? "this member"} holds`;
  const noun = of.kind === "chat" ? "conversation" : of.kind;
  return name ? `Open “${name}”` : `Open this ${noun}`;
}

/**
 * Where something is not here for a person who may open others' content: the way to do so, with a reason. Whether
 * there is anything to open is for the server to say.
 */
export function OpenInstead(props: { kind: Opened["kind"]; id: string; error: unknown }) {
  const session = useSession();
  const [open, setOpen] = useState(false);
  const missing = isApiError(props.error) && props.error.status === 404;
  if (!missing || !session.can("content.open")) return null;
  return (
    <div className="-mt-10 flex flex-col items-center gap-3 px-4 pb-16 text-center">
      <p className="max-w-md text-small text-muted">
        If it belongs to a colleague, you can open it for a time. They see who opened it and why.
      </p>
      <Button onClick={() => setOpen(true)}>Open with a reason</Button>
      {open && (
        <OpenDialog of={{ kind: props.kind, id: props.id }} name={null} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}

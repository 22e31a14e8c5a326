import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { fullTime } from "../../ui/time.tsx";
import { useClosing } from "./closing.ts";
import { KeepButton } from "./keep-button.tsx";

const DAY = 86_400_000;

/** Closes the workspace, or says that it is closing and until when it can be kept. */
export function CloseWorkspace() {
  const { data } = useClosing();
  const [asking, setAsking] = useState(false);
  if (data?.closing)
    return (
      <>
        <p className="mb-4 max-w-[62ch]">
          It was closed on {fullTime(data.closing.since)}. It can be read and exported until{" "}
          {fullTime(data.closing.until)}; after that it is deleted for good.
        </p>
        <KeepButton />
      </>
    );
  return (
    <>
      <Button kind="danger" onClick={() => setAsking(true)}>
        Close the workspace
      </Button>
      {asking && <Ask onClose={() => setAsking(false)} />}
    </>
  );
}

function Ask({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const close = useMutation({
    mutationFn: () => session.call("POST", "tenant/closing", { body: { name: name.trim() } }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug] });
      onClose();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    close.mutate();
  }
  const last = fullTime(new Date(Date.now() + 30 * DAY).toISOString());
  return (
    <Dialog title="Close this workspace?" onClose={onClose}>
      <form onSubmit={submit}>
        <ol className="mb-4 flex flex-col gap-3 text-muted">
          <li>
            <strong className="block text-ink">At once</strong>
            Everybody can read and export, and nobody can change anything: no uploads, questions, invitations
            or keys. Owners and admins are told by mail.
          </li>
          <li>
            <strong className="block text-ink">Until {last}</strong>
            Any owner can keep it. Then it is as before.
          </li>
          <li>
            <strong className="block text-ink">After that</strong>
            It is deleted: documents, conversations, members, the index, and the keys that could open a copy.
            This takes at most 90 days, and nobody can stop it.
          </li>
        </ol>
        <Field
          label="Type the workspace’s name"
          hint={session.tenant.name}
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="off"
          data-first
        />
        {close.error && (
          <div className="mt-4">
            <Notice>{wordsOf(close.error)}</Notice>
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button
            type="submit"
            kind="danger"
            disabled={name.trim() !== session.tenant.name}
            busy={close.isPending}
          >
            Close the workspace
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";

/** A person has their own account erased: they type its address, since nothing brings it back. */
export function EraseAccount() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="danger" onClick={() => setOpen(true)}>
        Delete my account
      </Button>
      {open && <Ask onClose={() => setOpen(false)} />}
    </>
  );
}

function Ask({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const [address, setAddress] = useState("");
  const erase = useMutation({
    mutationFn: () => session.call("POST", "account/erasure", { body: { address: address.trim() } }),
    onSuccess: () => window.location.assign(`/t/${session.slug}/sign-in?left=true`),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    erase.mutate();
  }
  const right = address.trim().toLowerCase() === session.me.address.toLowerCase();
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <form onSubmit={submit}>
        <ul className="mb-4 flex list-disc flex-col gap-1.5 pl-5 text-muted">
          <li>You are signed out everywhere, at once.</li>
          <li>
            Your documents, folders and conversations are deleted, also those that you share with others.
          </li>
          <li>
            Your name and address go at once, and from the log after 30 days. What others were told of you
            goes within 90. That something happened stays in the log, without saying who.
          </li>
          <li>Nothing brings this back. Download your data first if you want to keep it.</li>
        </ul>
        <Field
          label="Type the address of your account"
          hint={session.me.address}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          data-first
        />
        {erase.error && (
          <div className="mt-4">
            <Notice>{wordsOf(erase.error)}</Notice>
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Keep my account</Button>
          <Button type="submit" kind="danger" disabled={!right} busy={erase.isPending}>
            Delete my account
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

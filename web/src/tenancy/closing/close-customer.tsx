import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Tenant } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { AreaField, Field } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";

/** The operator closes a customer's workspace. Its owners and admins read why. */
export function CloseCustomer({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [slug, setSlug] = useState("");
  const [reason, setReason] = useState("");
  const close = useMutation({
    mutationFn: () =>
      session.call("POST", `tenants/${tenant.id}/closing`, { body: { slug: slug.trim(), reason } }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug] });
      onClose();
      say(`${tenant.name} is closing.`);
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    close.mutate();
  }
  return (
    <Dialog title={`Close ${tenant.name}?`} onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <p className="text-muted">
          From now on its members can read and export, and change nothing. For 30 days its owners can keep it;
          then it is deleted for good. They are told by mail, with what you write here.
        </p>
        <AreaField
          label="Why"
          required
          rows={3}
          minLength={10}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          data-first
        />
        <Field
          label="Type its short name"
          hint={tenant.slug}
          value={slug}
          onChange={(event) => setSlug(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        {close.error && <Notice>{wordsOf(close.error)}</Notice>}
        <DialogActions>
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button
            type="submit"
            kind="danger"
            disabled={slug.trim() !== tenant.slug || reason.trim().length < 10}
            busy={close.isPending}
          >
            Close the workspace
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

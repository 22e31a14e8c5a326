import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Tenant } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";

const GB = 1024 ** 3;

/** How much a customer may keep. What they keep now, the operator does not see. */
export function TenantQuota({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const session = useSession();
  const [documents, setDocuments] = useState("");
  const [gigabytes, setGigabytes] = useState("");
  const save = useMutation({
    mutationFn: () =>
      session.call("PUT", `tenants/${tenant.id}/quota`, {
        body: {
          documents: documents === "" ? null : Number(documents),
          bytes: gigabytes === "" ? null : Math.round(Number(gigabytes) * GB),
        },
      }),
    onSuccess: () => {
      say(`${tenant.name} has new limits.`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title={`What ${tenant.name} may keep`} onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <p className="text-muted">
          Versions and the bin count. You do not see what they keep; below what is there already, nothing is
          lost, and nothing more can be added.
        </p>
        {save.error && <Notice>{wordsOf(save.error)}</Notice>}
        <Field
          label="Documents"
          optional
          data-first
          type="number"
          min={0}
          max={10_000_000}
          hint="Empty: 10,000, as usual"
          value={documents}
          onChange={(event) => setDocuments(event.target.value)}
        />
        <Field
          label="Gigabytes"
          optional
          type="number"
          min={0}
          max={1_000_000}
          step="any"
          hint="Empty: 5, as usual"
          value={gigabytes}
          onChange={(event) => setGigabytes(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={save.isPending}>
            Set the limits
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { isApiError } from "../api/errors.ts";
import { useInstallation } from "../api/installation.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";

/** Opens a workspace and says where its owner's invitation went. */
export function CreateTenant({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [form, setForm] = useState({ name: "", slug: "", ownerAddress: "" });
  const [slugTouched, setSlugTouched] = useState(false);
  const create = useMutation({
    mutationFn: () => session.call<{ outbox?: string | null } | undefined>("POST", "tenants", { body: form }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [session.slug, "tenants"] }),
  });
  const fields = isApiError(create.error) ? create.error.fields : {};
  if (create.isSuccess) return <Opened {...form} outbox={create.data?.outbox ?? null} onClose={onClose} />;

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate();
  }
  return (
    <Dialog title="New workspace" onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        {create.error && Object.keys(fields).length === 0 && <Notice>{wordsOf(create.error)}</Notice>}
        <Field
          label="Name"
          required
          data-first
          maxLength={120}
          placeholder="Harrow & Finch"
          value={form.name}
          error={fields.name}
          onChange={(event) =>
            setForm((old) => ({
              ...old,
              name: event.target.value,
              slug: slugTouched ? old.slug : slugFrom(event.target.value),
            }))
          }
        />
        <Field
          label="Short name"
          required
          value={form.slug}
          error={fields.slug}
          hint="Part of its address, for good: letters, digits and hyphens."
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => {
            setSlugTouched(true);
            setForm((old) => ({ ...old, slug: event.target.value.toLowerCase() }));
          }}
        />
        <Field
          label="Email address of its owner"
          type="email"
          required
          value={form.ownerAddress}
          error={fields.ownerAddress}
          onChange={(event) => setForm((old) => ({ ...old, ownerAddress: event.target.value }))}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={create.isPending}>
            Open the workspace
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Opened(props: { name: string; ownerAddress: string; outbox: string | null; onClose: () => void }) {
  const installation = useInstallation();
  return (
    <Dialog title={`${props.name} is open`} onClose={props.onClose}>
      <p>
        The invitation for <strong className="font-semibold">{props.ownerAddress}</strong>{" "}
        {installation.data?.mail === "outbox"
          ? "is in the outbox of this installation: no mail server is connected."
          : "is on its way by mail."}{" "}
        It works once and ends after 7 days.
      </p>
      {installation.data?.mail === "outbox" && (
        <p className="mt-3 text-small text-muted">
          {props.outbox ? (
            <a
              href={props.outbox}
              target="_blank"
              rel="noreferrer"
              className="text-accent underline underline-offset-3"
            >
              Open the outbox
            </a>
          ) : (
            "Open the outbox with the link that was shown after set-up, or that the terminal prints when the server starts."
          )}
        </p>
      )}
      <DialogActions>
        <Button kind="primary" data-first onClick={props.onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function slugFrom(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
}

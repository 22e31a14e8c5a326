import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Factors } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { Moment } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { useSession } from "../session.tsx";
import { AddFactorDialog } from "./add-factor-dialog.tsx";

/** The authenticator app of the signed-in person: set up, replaced, removed. */
export function AuthenticatorApp({ factors }: { factors: Factors }) {
  const [open, setOpen] = useState<"set-up" | "remove" | null>(null);
  const { totp } = factors;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
      <p className="flex min-w-0 flex-1 basis-56 items-center gap-2">
        <Glyph state={totp ? "held" : "not-done"} />
        {totp ? (
          <span>
            Set up, since <Moment at={totp.createdAt} />
          </span>
        ) : (
          <span className="text-muted">Not set up</span>
        )}
      </p>
      <div className="flex flex-wrap gap-2.5">
        <Button small={totp !== null} onClick={() => setOpen("set-up")}>
          {totp ? "Use another app" : "Set up an app"}
        </Button>
        {totp && (
          <Button small onClick={() => setOpen("remove")}>
            Remove
          </Button>
        )}
      </div>
      {open === "set-up" && <AddFactorDialog kind="totp" onClose={() => setOpen(null)} />}
      {open === "remove" && (
        <Remove
          last={factors.passkeys.length === 0}
          required={factors.required}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}

function Remove({ last, required, onClose }: { last: boolean; required: boolean; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => session.call("DELETE", "account/totp"),
    onSuccess: () => {
      say("The authenticator app is removed.");
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "factors"] }),
  });
  return (
    <Confirm
      title="Remove the authenticator app?"
      deed="Remove"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    >
      {last
        ? required
          ? "It is your only second factor, and you must have one. Add a passkey first."
          : "It is your only second factor. Your password alone lets in whoever knows it, then."
        : "You sign in with a passkey from then on."}
    </Confirm>
  );
}

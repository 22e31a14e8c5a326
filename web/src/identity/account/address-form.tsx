import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import { Button } from "../../ui/button.tsx";
import { Field, PasswordField } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { useSession } from "../session.tsx";

/** The present address, and the change to another, which waits until the link that went there is opened. */
export function AddressForm() {
  const session = useSession();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const place = [session.slug, "new-address"];
  // Kept as long as the page: the server says what is so now, not what may come.
  const waiting = useQuery<string | null>({
    queryKey: place,
    queryFn: () => null,
    enabled: false,
    initialData: null,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div className="max-w-md">
      <p className="wrap-anywhere">{session.me.address}</p>
      {waiting.data && waiting.data !== session.me.address && (
        <div className="mt-3">
          <Notice kind="stale">
            Waiting for confirmation: open the link that we mailed to{" "}
            <strong className="font-semibold wrap-anywhere">{waiting.data}</strong>. Until then nothing
            changes.
          </Notice>
        </div>
      )}
      {open ? (
        <Change
          onClose={() => setOpen(false)}
          onAsked={(address) => {
            queries.setQueryData(place, address);
            setOpen(false);
          }}
        />
      ) : (
        <Button className="mt-3" onClick={() => setOpen(true)}>
          Change the address
        </Button>
      )}
    </div>
  );
}

function Change({ onClose, onAsked }: { onClose: () => void; onAsked: (address: string) => void }) {
  const session = useSession();
  const [address, setAddress] = useState("");
  const [password, setPassword] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      session.call("POST", "account/address", { body: { address: address.trim(), password } }),
    onSuccess: () => onAsked(address.trim()),
  });
  const fields = isApiError(ask.error) ? ask.error.fields : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    ask.mutate();
  }
  return (
    <form onSubmit={submit} className="mt-4 flex flex-col gap-3">
      {ask.error && !fields.address && !fields.password && <Notice>{wordsOf(ask.error)}</Notice>}
      <Field
        label="New address"
        type="email"
        autoComplete="email"
        required
        autoFocus
        value={address}
        onChange={(event) => setAddress(event.target.value)}
        hint="It gets a link to confirm. Your present address is told, and can take the change back for three days."
        error={fields.address}
      />
      <PasswordField
        label="Your password"
        name="password-for-address"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={fields.password}
      />
      <div className="flex flex-wrap gap-2.5">
        <Button type="submit" busy={ask.isPending} disabled={!address.trim() || !password}>
          Mail the link
        </Button>
        <Button kind="quiet" onClick={onClose}>
          Keep the present one
        </Button>
      </div>
    </form>
  );
}

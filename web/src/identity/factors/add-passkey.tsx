import { useMutation } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { PasskeyAdded, PasskeyChallenge } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { deviceOf } from "../device.ts";
import { useSession } from "../session.tsx";
import { makePasskey } from "./passkey.ts";

/** Making a passkey: a name by which its owner knows it again, then the device asks for finger, face or PIN. */
export function AddPasskey({
  onAdded,
  back,
}: {
  onAdded: (codes: string[] | null) => void;
  back: ReactNode;
}) {
  const session = useSession();
  const [name, setName] = useState(() => deviceOf(navigator.userAgent));
  const add = useMutation({
    mutationFn: async () => {
      const { ticket, options } = await session.call<PasskeyChallenge>("POST", "account/passkeys/challenge");
      const response = await makePasskey(options);
      const body = { ticket, name: name.trim(), response };
      return session.call<PasskeyAdded>("POST", "account/passkeys", { body });
    },
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
  });
  const wrong = isApiError(add.error) ? add.error.fields.name : undefined;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!add.isPending) add.mutate();
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-5">
      {add.error && !wrong && <Notice>{wordsOf(add.error)}</Notice>}
      <Field
        label="Name of the passkey"
        required
        maxLength={60}
        data-first
        value={name}
        onChange={(event) => setName(event.target.value)}
        hint="For you, to tell several apart."
        error={wrong}
      />
      <div className="flex flex-wrap items-center justify-between gap-3">
        {back}
        <Button
          type="submit"
          kind="primary"
          className="min-h-10"
          busy={add.isPending}
          disabled={!name.trim()}
        >
          <KeyRound size={16} aria-hidden />
          Make the passkey
        </Button>
      </div>
    </form>
  );
}

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import type { FactorAdded, NewTotp } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { useSession } from "../session.tsx";
import { CodeField, digitsOf } from "./code-field.tsx";
import { QrCode } from "./qr-code.tsx";

/** Setting up an authenticator app: its secret as a picture and as text, then a code of it as the proof. */
export function SetUpTotp({ onAdded, back }: { onAdded: (codes: string[] | null) => void; back: ReactNode }) {
  const session = useSession();
  const once = useId();
  const [code, setCode] = useState("");
  const made = useQuery({
    queryKey: [session.slug, "new-totp", once],
    queryFn: () => session.call<NewTotp>("POST", "account/totp"),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const confirm = useMutation({
    mutationFn: () =>
      session.call<FactorAdded>("POST", "account/totp/confirm", { body: { code: digitsOf(code) } }),
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
    onError: () => setCode(""),
  });
  if (made.isPending) return <Skeleton label="Making a secret for your app" lines={6} tall />;
  if (made.isError) return <ErrorPanel error={made.error} onRetry={() => void made.refetch()} />;
  const { secret, uri } = made.data;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!confirm.isPending) confirm.mutate();
  }
  return (
    <form onSubmit={submit}>
      <ol className="flex flex-col gap-7">
        <Step no={1} title="Scan this with your app">
          <div className="flex flex-wrap items-start gap-5">
            <div className="w-44 overflow-hidden rounded-md border border-line">
              <QrCode text={uri} label="QR code with the secret, for the camera of your phone" />
            </div>
            <div className="min-w-0 flex-1 basis-44">
              <p className="text-small text-muted">Without a camera, type this into the app:</p>
              <p className="my-2 font-mono text-evidence leading-6 [word-spacing:0.25em]">
                {inFours(secret)}
              </p>
              <CopyButton text={secret} words="Copy the secret" />
            </div>
          </div>
        </Step>
        <Step no={2} title="Type the code that it shows">
          {confirm.error && (
            <div className="mb-3">
              <Notice>{wordsOf(confirm.error)}</Notice>
            </div>
          )}
          <CodeField
            label="Six digits"
            value={code}
            onChange={setCode}
            hint="It changes every 30 seconds. Any authenticator app (TOTP) works, that of a password manager too."
          />
        </Step>
      </ol>
      <div className="mt-7 flex flex-wrap items-center justify-between gap-3">
        {back}
        <Button
          type="submit"
          kind="primary"
          className="min-h-10"
          busy={confirm.isPending}
          disabled={digitsOf(code).length !== 6}
        >
          Confirm
        </Button>
      </div>
    </form>
  );
}

function Step({ no, title, children }: { no: number; title: string; children: ReactNode }) {
  return (
    <li>
      <h2 className="mb-3 flex items-baseline gap-2.5 font-semibold">
        <span aria-hidden className="font-mono text-small text-accent">
          {no}
        </span>
        {title}
      </h2>
      {children}
    </li>
  );
}

const inFours = (secret: string): string => secret.match(/.{1,4}/g)?.join(" ") ?? secret;

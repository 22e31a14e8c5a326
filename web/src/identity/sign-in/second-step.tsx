import { useMutation } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { call } from "../../api/client.ts";
import { isApiError } from "../../api/errors.ts";
import type { FactorMethod, SessionView, SignedIn } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/states.tsx";
import { TextButton } from "../../ui/text-button.tsx";
import { plural } from "../../ui/time.tsx";
import { CodeField, digitsOf } from "../factors/code-field.tsx";
import { knowsPasskeys, signWithPasskey } from "../factors/passkey.ts";
import { Refusal, useWait } from "./refusal.tsx";

type Ticket = Extract<SignedIn, { state: "second-factor" }>;

const ways: Record<FactorMethod, string> = {
  totp: "Use the authenticator app",
  passkey: "Use a passkey",
  "recovery-code": "Use a recovery code",
};
const order: FactorMethod[] = ["passkey", "totp", "recovery-code"];

/**
 * The second step of signing in: a passkey, a code of the app, or a recovery code; one at a time, the others a click
 * away. `onExpired` when the first step is too long ago.
 */
export function SecondStep(props: {
  slug: string;
  step: Ticket;
  onSignedIn: (view: SessionView) => void;
  onExpired: () => void;
}) {
  const { slug, step } = props;
  const offered = order.filter((way) => step.methods.includes(way) && (way !== "passkey" || knowsPasskeys()));
  const [way, setWay] = useState<FactorMethod>(offered[0] ?? "recovery-code");
  const [code, setCode] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const prove = useMutation({
    mutationFn: async () => {
      const path = "session/second-factor";
      if (way !== "passkey")
        return call<SessionView>(slug, "POST", path, {
          body: { ticket: step.ticket, method: way, code: way === "totp" ? digitsOf(code) : code.trim() },
        });
      const { options } = await call<{ options: Record<string, unknown> }>(
        slug,
        "POST",
        `${path}/passkey-challenge`,
        { body: { ticket: step.ticket } },
      );
      const response = await signWithPasskey(options);
      return call<SessionView>(slug, "POST", `${path}/passkey`, { body: { ticket: step.ticket, response } });
    },
    onSuccess: props.onSignedIn,
    onError: (error) => {
      if (isApiError(error) && error.code === "link_invalid") return props.onExpired();
      setCode("");
      focus();
    },
  });
  const wait = useWait(prove.error);
  const focus = () => form.current?.querySelector<HTMLElement>("input, button[type=submit]")?.focus();
  // The step comes in the place of another, and a way in the place of another: the focus goes along.
  // biome-ignore lint/correctness/useExhaustiveDependencies: for each way anew.
  useEffect(() => focus(), [way]);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (wait === 0 && !prove.isPending) prove.mutate();
  }
  return (
    <>
      <form ref={form} onSubmit={submit} className="flex flex-col gap-4">
        {prove.error && (
          <Notice>
            <Refusal error={prove.error} wait={wait} />
          </Notice>
        )}
        {way === "totp" && (
          <CodeField
            value={code}
            onChange={setCode}
            hint="Six digits. They change every 30 seconds, and each works once."
          />
        )}
        {way === "recovery-code" && (
          <Field
            label="Recovery code"
            name="recovery-code"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            placeholder="k7wp-9x2m-4tqd"
            value={code}
            onChange={(event) => setCode(event.target.value)}
            hint="One of the ten that you kept. Each works once; we mail you that it was used."
            className="[&_input]:font-mono"
          />
        )}
        <Button
          type="submit"
          kind="primary"
          className="min-h-10"
          busy={prove.isPending}
          disabled={wait > 0 || (way !== "passkey" && !code.trim())}
        >
          {way === "passkey" && <KeyRound size={16} aria-hidden />}
          {wait > 0 ? `Wait ${plural(wait, "second")}` : way === "passkey" ? "Use a passkey" : "Go on"}
        </Button>
      </form>
      {offered.length > 1 && (
        <ul className="mt-6 flex flex-col items-start border-t border-line pt-3">
          {offered
            .filter((other) => other !== way)
            .map((other) => (
              <li key={other}>
                <TextButton
                  className="min-h-9"
                  onClick={() => {
                    prove.reset();
                    setCode("");
                    setWay(other);
                  }}
                >
                  {ways[other]}
                </TextButton>
              </li>
            ))}
        </ul>
      )}
      {step.methods.includes("passkey") && !knowsPasskeys() && (
        <p className="mt-4 text-small text-muted">
          Your passkey does not work in this browser or at this address.
        </p>
      )}
      <p className="mt-4 text-small text-muted">
        Neither at hand? An admin of your workspace can reset your second factors.
      </p>
    </>
  );
}

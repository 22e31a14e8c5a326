import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { call } from "../../api/client.ts";
import { isApiError } from "../../api/errors.ts";
import type { PasskeyChallenge, SessionView, SignedIn } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { Field, PasswordField } from "../../ui/field.tsx";
import { Notice } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { knowsPasskeys, signWithPasskey } from "../factors/passkey.ts";
import { withChallenge } from "./challenge.ts";
import { Refusal, useWait } from "./refusal.tsx";
import { WorkLine } from "./work-line.tsx";

/**
 * Address and password, or a passkey alone. `reminder` stands above while nothing has been refused. The passkey is
 * asked for by its button and not offered while the field is filled in: that would take a challenge from the server,
 * and a place in its limits, each time that anybody opens this page.
 */
export function PasswordStep(props: {
  slug: string;
  address: string;
  onAddress: (address: string) => void;
  reminder: ReactNode;
  onSignedIn: (answer: SignedIn) => void;
}) {
  const { slug, address } = props;
  const [password, setPassword] = useState("");
  const [working, setWorking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const signIn = useMutation({
    mutationFn: () =>
      withChallenge(
        slug,
        (challenge) =>
          call<SignedIn>(slug, "POST", "session", {
            body: { address: address.trim(), password, ...(challenge ? { challenge } : {}) },
          }),
        setWorking,
      ),
    onSuccess: props.onSignedIn,
    onError: (error) => {
      if (!isApiError(error) || error.code !== "sign_in_failed") return;
      setPassword("");
      form.current?.querySelector<HTMLInputElement>("[name=password]")?.focus();
    },
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const { ticket, options } = await call<PasskeyChallenge>(slug, "POST", "session/passkey-challenge");
      const response = await signWithPasskey(options);
      return call<SessionView>(slug, "POST", "session/passkey", { body: { ticket, response } });
    },
    onSuccess: (view) => props.onSignedIn({ state: "open", ...view }),
  });
  const error = signIn.error ?? passkey.error;
  const wait = useWait(error);

  function submit(event: FormEvent) {
    event.preventDefault();
    passkey.reset();
    if (wait === 0 && !signIn.isPending) signIn.mutate();
  }
  return (
    <>
      <form ref={form} onSubmit={submit} className="flex flex-col gap-4">
        {error ? (
          <Notice>
            <Refusal error={error} wait={wait} />
          </Notice>
        ) : (
          props.reminder
        )}
        <Field
          label="Email address"
          name="address"
          type="email"
          autoComplete="username"
          required
          value={address}
          onChange={(event) => props.onAddress(event.target.value)}
          autoFocus
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          hint={
            <Link
              to="/t/$slug/forgotten"
              params={{ slug }}
              className="underline decoration-line underline-offset-3 hover:text-ink"
            >
              Forgotten your password?
            </Link>
          }
        />
        <Button type="submit" kind="primary" busy={signIn.isPending} disabled={wait > 0} className="min-h-10">
          {signIn.isPending ? "Signing in" : wait > 0 ? `Wait ${plural(wait, "second")}` : "Sign in"}
        </Button>
        <WorkLine working={working} />
      </form>
      {knowsPasskeys() && (
        <>
          <p className="my-4 flex items-center gap-3 text-small text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
            or
          </p>
          <Button
            className="min-h-10 w-full"
            busy={passkey.isPending}
            disabled={wait > 0}
            onClick={() => {
              signIn.reset();
              passkey.mutate();
            }}
          >
            <KeyRound size={16} aria-hidden />
            Sign in with a passkey
          </Button>
        </>
      )}
      <p className="mt-6 text-small text-muted">
        Joining is by invitation. If you have none, ask an admin of the workspace.
      </p>
    </>
  );
}

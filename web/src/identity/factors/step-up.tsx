import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { onStepUp, rememberSession } from "../../api/client.ts";
import { apiError } from "../../api/errors.ts";
import type { SessionView, StepUpChallenge } from "../../api/types.ts";
import { Button, buttonLook } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { useSession } from "../session.tsx";
import { CodeField, digitsOf } from "./code-field.tsx";
import { ConfirmPassword } from "./confirm-password.tsx";
import { knowsPasskeys, signWithPasskey } from "./passkey.ts";

type Asked = { path: string; promise: Promise<void>; resolve: () => void; reject: (error: Error) => void };

/**
 * The one place where a fresh second factor is asked for. Any call that the server refuses with `step_up_required`
 * waits here (several at once wait for one answer) and is then repeated once; closing refuses it. Whoever has no factor
 * yet gives the password on the way to the first one and for what is theirs, and is led to it from everywhere else.
 */
export function StepUp() {
  const session = useSession();
  const [asked, setAsked] = useState<Asked | null>(null);
  const waiting = useRef<Asked | null>(null);
  useEffect(
    () =>
      onStepUp((slug, path) => {
        if (slug !== session.slug) return Promise.reject(notConfirmed());
        if (!waiting.current) {
          const { promise, resolve, reject } = Promise.withResolvers<void>();
          waiting.current = { path, promise, resolve, reject };
          setAsked(waiting.current);
        }
        return waiting.current.promise;
      }),
    [session.slug],
  );
  // A person who leaves the workspace leaves the question too.
  useEffect(() => () => waiting.current?.reject(notConfirmed()), []);

  function settle(confirmed: boolean) {
    const open = waiting.current;
    waiting.current = null;
    setAsked(null);
    if (confirmed) open?.resolve();
    else open?.reject(notConfirmed());
  }

  if (!asked) return null;
  return <Ask path={asked.path} onConfirmed={() => settle(true)} onClose={() => settle(false)} />;
}

function notConfirmed(): Error {
  return apiError("not_confirmed", "You did not confirm it, so nothing was done.");
}

// Where one's own factors are set up, or one's own data is taken out or erased: open to who has no factor.
const WITH_PASSWORD = /^(account\/(totp|passkeys|exports|erasure)|exports\/[^/]+\/parts)(\/|$)/;

type Proof = { code: string } | { password: string } | StepUpChallenge;

function Ask(props: { path: string; onConfirmed: () => void; onClose: () => void }) {
  const { path, onConfirmed, onClose } = props;
  const session = useSession();
  const queries = useQueryClient();
  const once = useId();
  const challenge = useQuery({
    queryKey: [session.slug, "step-up", once],
    queryFn: () => session.call<StepUpChallenge>("POST", "session/step-up/challenge"),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const prove = useMutation({
    mutationFn: async (proof: Proof) =>
      session.call<SessionView>("POST", "session/step-up", { body: await bodyOf(proof) }),
    onSuccess: (view) => {
      queries.setQueryData([session.slug, "session"], rememberSession(view));
      onConfirmed();
    },
    // What a passkey has signed once is worth nothing a second time.
    onError: (_error, proof) => {
      if ("options" in proof) void challenge.refetch();
    },
  });
  return (
    <Dialog title="Confirm that it is you" onClose={onClose}>
      {challenge.isPending ? (
        <Skeleton label="Asking how you can confirm" lines={3} />
      ) : challenge.isError ? (
        <ErrorPanel error={challenge.error} onRetry={() => void challenge.refetch()} />
      ) : WITH_PASSWORD.test(path) && challenge.data.methods.includes("password") ? (
        <ConfirmPassword
          busy={prove.isPending}
          error={prove.error}
          onPassword={(password) => prove.mutate({ password })}
          onClose={onClose}
        />
      ) : (
        <Ways
          challenge={challenge.data}
          busy={prove.isPending}
          error={prove.error}
          onCode={(code) => prove.mutate({ code })}
          onPasskey={() => prove.mutate(challenge.data)}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

async function bodyOf(proof: Proof) {
  if ("code" in proof) return { method: "totp", code: digitsOf(proof.code) };
  if ("password" in proof) return { method: "password", password: proof.password };
  return { method: "passkey", ticket: proof.ticket, response: await signWithPasskey(proof.options ?? {}) };
}

function Ways(props: {
  challenge: StepUpChallenge;
  busy: boolean;
  error: unknown;
  onCode: (code: string) => void;
  onPasskey: () => void;
  onClose: () => void;
}) {
  const { methods, options } = props.challenge;
  const [code, setCode] = useState("");
  const first = useRef<HTMLDivElement>(null);
  // The dialog was empty when it opened; the focus goes to the first way as soon as there is one.
  useEffect(() => first.current?.querySelector<HTMLElement>("[data-way]")?.focus(), []);
  useEffect(() => {
    if (props.error) setCode("");
  }, [props.error]);
  const hasCode = methods.includes("totp");
  const hasPasskey = methods.includes("passkey") && options !== null && knowsPasskeys();
  if (!hasCode && !hasPasskey) return <NoWay passkey={methods.includes("passkey")} onClose={props.onClose} />;

  function submit(event: FormEvent) {
    event.preventDefault();
    props.onCode(code);
  }
  return (
    <div ref={first} className="flex flex-col gap-4">
      <p className="text-muted">
        This asks for your second factor. For the next five minutes you are not asked again.
      </p>
      {props.error ? <Notice>{wordsOf(props.error)}</Notice> : null}
      {hasPasskey && (
        <Button
          kind={hasCode ? "plain" : "primary"}
          data-way
          className="min-h-10"
          busy={props.busy}
          onClick={props.onPasskey}
        >
          <KeyRound size={16} aria-hidden />
          Use a passkey
        </Button>
      )}
      <form onSubmit={submit}>
        {hasCode && <CodeField data-way value={code} onChange={setCode} />}
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          {hasCode && (
            <Button type="submit" kind="primary" busy={props.busy} disabled={digitsOf(code).length !== 6}>
              Confirm
            </Button>
          )}
        </DialogActions>
      </form>
    </div>
  );
}

function NoWay({ passkey, onClose }: { passkey: boolean; onClose: () => void }) {
  const session = useSession();
  return (
    <>
      <p className="text-muted">
        {passkey
          ? "This asks for a passkey, and this browser knows none. Go on in the browser that holds yours, or add an authenticator app there."
          : "This asks for a second factor, and you have none yet. It takes two minutes: an app on your phone, or a passkey of this device."}
      </p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        {!passkey && (
          <Link
            to="/t/$slug/set-up-factor"
            params={{ slug: session.slug }}
            search={{ next: window.location.pathname + window.location.search }}
            className={buttonLook("primary")}
            onClick={onClose}
            data-way
          >
            Set one up
          </Link>
        )}
      </DialogActions>
    </>
  );
}

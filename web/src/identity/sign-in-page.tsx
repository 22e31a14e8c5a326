import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { call, rememberSession } from "../api/client.ts";
import { type ApiError, isApiError } from "../api/errors.ts";
import type { SessionView } from "../api/types.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { Button } from "../ui/button.tsx";
import { Field, PasswordField } from "../ui/field.tsx";
import { Notice } from "../ui/states.tsx";
import { plural, useNow } from "../ui/time.tsx";

/** Signing in to one workspace. Says the same for every address; what failed stands above the fields. */
export function SignInPage() {
  const { slug } = useParams({ from: "/t/$slug/sign-in" });
  const { next, left } = useSearch({ from: "/t/$slug/sign-in" });
  const router = useRouter();
  const queries = useQueryClient();
  const [address, setAddress] = useState("");
  const [password, setPassword] = useState("");
  const passwordField = useRef<HTMLFormElement>(null);
  const signIn = useMutation({
    mutationFn: () =>
      call<SessionView>(slug, "POST", "session", { body: { address: address.trim(), password } }),
    onSuccess: (view) => {
      queries.setQueryData([slug, "session"], rememberSession(view));
      router.history.replace(next?.startsWith(`/t/${slug}/`) ? next : `/t/${slug}`);
    },
    onError: (error) => {
      if (!isApiError(error) || error.code !== "sign_in_failed") return;
      setPassword("");
      passwordField.current?.querySelector<HTMLInputElement>("[name=password]")?.focus();
    },
  });
  const wait = useWait(signIn.error);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (wait === 0) signIn.mutate();
  }

  return (
    <Doorstep
      title="Sign in"
      tab={`Sign in to ${slug}`}
      lead={
        <>
          Workspace <strong className="font-semibold text-ink">{slug}</strong> ·{" "}
          <Link to="/" className="underline decoration-line underline-offset-3 hover:text-ink">
            another
          </Link>
        </>
      }
    >
      <form ref={passwordField} onSubmit={submit} className="flex flex-col gap-4">
        {signIn.error ? (
          <Notice>{wordsOfRefusal(signIn.error, wait)}</Notice>
        ) : (
          <Reminder left={left ?? false} returning={Boolean(next)} />
        )}
        <Field
          label="Email address"
          name="address"
          type="email"
          autoComplete="username"
          required
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          autoFocus
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" kind="primary" busy={signIn.isPending} disabled={wait > 0} className="min-h-10">
          {signIn.isPending ? "Signing in" : wait > 0 ? `Wait ${plural(wait, "second")}` : "Sign in"}
        </Button>
      </form>
      <p className="mt-6 text-small text-muted">
        Joining is by invitation. If you have none, ask an admin of the workspace.
      </p>
    </Doorstep>
  );
}

function Reminder({ left, returning }: { left: boolean; returning: boolean }) {
  if (!window.isSecureContext) {
    return (
      <Notice>
        This page came over plain HTTP, where a browser cannot keep a session safely. Open it with https:// or
        on the server itself at localhost.
      </Notice>
    );
  }
  if (left) return <Notice kind="held">You are signed out.</Notice>;
  if (returning)
    return <Notice kind="stale">Sign in to go on. A session ends after 30 minutes without activity.</Notice>;
  return null;
}

function wordsOfRefusal(error: unknown, wait: number) {
  if (!isApiError(error)) return "Something on this page went wrong. Load the page again.";
  if (error.code === "rate_limited" || error.code === "busy") {
    const what = error.code === "busy" ? "The server is busy." : "Too many attempts from this place.";
    return wait > 0
      ? `${what} Wait ${plural(wait, "second")}, then try again.`
      : `${what} You can try again now.`;
  }
  return (
    <>
      {error.message}
      {error.requestId && error.status >= 500 && (
        <span className="mt-1 block font-mono text-evidence text-muted">Request {error.requestId}</span>
      )}
    </>
  );
}

/** Seconds left of the wait that a refusal asked for; 0 when none. */
function useWait(error: ApiError | Error | null): number {
  const now = useNow(1);
  const [until, setUntil] = useState(0);
  useEffect(() => {
    if (isApiError(error) && error.retryAfter) setUntil(Date.now() + error.retryAfter * 1000);
  }, [error]);
  return Math.max(
    0,
    Math.min(Math.ceil((until - now) / 1000), isApiError(error) ? (error.retryAfter ?? 0) : 0),
  );
}

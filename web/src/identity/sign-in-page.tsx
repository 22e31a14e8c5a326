import { useQueryClient } from "@tanstack/react-query";
import { Link, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { rememberSession } from "../api/client.ts";
import type { SessionView, SignedIn } from "../api/types.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { Notice } from "../ui/states.tsx";
import { TextButton } from "../ui/text-button.tsx";
import { PasswordStep } from "./sign-in/password-step.tsx";
import { SecondStep } from "./sign-in/second-step.tsx";

type Ticket = Extract<SignedIn, { state: "second-factor" }>;

/** Signing in to one workspace. Says the same for every address; what failed stands above the fields. */
export function SignInPage() {
  const { slug } = useParams({ from: "/t/$slug/sign-in" });
  const { next, left } = useSearch({ from: "/t/$slug/sign-in" });
  const router = useRouter();
  const queries = useQueryClient();
  const [address, setAddress] = useState("");
  const [step, setStep] = useState<Ticket | null>(null);
  const [expired, setExpired] = useState(false);

  function enter(view: SessionView) {
    queries.setQueryData([slug, "session"], rememberSession(view));
    router.history.replace(next?.startsWith(`/t/${slug}/`) ? next : `/t/${slug}`);
  }
  if (step) {
    return (
      <Doorstep
        title="Your second factor"
        tab={`Sign in to ${slug}`}
        lead={
          <>
            The password is right. <TextButton onClick={() => setStep(null)}>Begin again</TextButton>
          </>
        }
      >
        <SecondStep
          slug={slug}
          step={step}
          onSignedIn={enter}
          onExpired={() => {
            setExpired(true);
            setStep(null);
          }}
        />
      </Doorstep>
    );
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
      <PasswordStep
        slug={slug}
        address={address}
        onAddress={setAddress}
        reminder={<Reminder expired={expired} left={left ?? false} returning={Boolean(next)} />}
        onSignedIn={(answer) => {
          setExpired(false);
          if (answer.state === "open") enter(answer);
          else setStep(answer);
        }}
      />
    </Doorstep>
  );
}

function Reminder({ expired, left, returning }: { expired: boolean; left: boolean; returning: boolean }) {
  if (!window.isSecureContext) {
    return (
      <Notice>
        This page came over plain HTTP, where a browser cannot keep a session safely. Open it with https:// or
        on the server itself at localhost.
      </Notice>
    );
  }
  if (expired) return <Notice kind="stale">The first step was too long ago. Sign in once more.</Notice>;
  if (left) return <Notice kind="held">You are signed out.</Notice>;
  if (returning)
    return <Notice kind="stale">Sign in to go on. A session ends after 30 minutes without activity.</Notice>;
  return null;
}

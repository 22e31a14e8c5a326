import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { KeyRound, Smartphone } from "lucide-react";
import { type ReactNode, useCallback, useState } from "react";
import { Doorstep } from "../../frame/doorstep.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { TextButton } from "../../ui/text-button.tsx";
import { SessionGate, useSession } from "../session.tsx";
import { useSignOut } from "../sign-out.ts";
import { AddPasskey } from "./add-passkey.tsx";
import { knowsPasskeys } from "./passkey.ts";
import { RecoveryCodes } from "./recovery-codes.tsx";
import { SetUpTotp } from "./set-up-totp.tsx";
import { StepUp } from "./step-up.tsx";

/** The first second factor. Whoever must have one is led here from everywhere until it is there. */
export function SetUpFactorPage() {
  const { slug } = useParams({ from: "/t/$slug/set-up-factor" });
  const navigate = useNavigate();
  const signedOut = useCallback(() => {
    const next = window.location.pathname + window.location.search;
    void navigate({ to: "/t/$slug/sign-in", params: { slug }, search: { next }, replace: true });
  }, [navigate, slug]);
  const title = "A second factor";
  return (
    <SessionGate
      slug={slug}
      signedOut={signedOut}
      waiting={
        <Doorstep title={title}>
          <Skeleton label="Asking the server" tall />
        </Doorstep>
      }
      failed={(error, retry) => (
        <Doorstep title={title}>
          <ErrorPanel error={error} onRetry={retry} />
        </Doorstep>
      )}
    >
      <Way />
      <StepUp />
    </SessionGate>
  );
}

type At = { step: "choose" | "passkey" | "totp" } | { step: "codes"; codes: string[] };

function Way() {
  const session = useSession();
  const { next } = useSearch({ from: "/t/$slug/set-up-factor" });
  const router = useRouter();
  const queries = useQueryClient();
  const [at, setAt] = useState<At>({ step: "choose" });

  async function goOn() {
    await queries.invalidateQueries({ queryKey: [session.slug] });
    router.history.replace(
      next?.startsWith(`/t/${session.slug}/`) ? next : `/t/${encodeURIComponent(session.slug)}`,
    );
  }
  function added(codes: string[] | null) {
    if (codes) setAt({ step: "codes", codes });
    else void goOn();
  }
  const back = <TextButton onClick={() => setAt({ step: "choose" })}>Choose another</TextButton>;
  if (at.step === "codes") {
    return (
      <Doorstep title="Keep these recovery codes">
        <RecoveryCodes codes={at.codes} onKept={() => void goOn()} />
      </Doorstep>
    );
  }
  if (at.step === "totp") {
    return (
      <Doorstep title="Set up your authenticator app">
        <SetUpTotp onAdded={added} back={back} />
      </Doorstep>
    );
  }
  if (at.step === "passkey") {
    return (
      <Doorstep
        title="Make a passkey"
        lead="Your device asks for your finger, face or PIN. Those never leave it; this server keeps a public key."
      >
        <AddPasskey onAdded={added} back={back} />
      </Doorstep>
    );
  }
  return (
    <Doorstep
      title={session.factor.due ? "One more thing before you begin" : "Add a second factor"}
      lead={
        session.factor.due
          ? "A password alone can be guessed or given away. Your role, or your workspace, asks for a second factor beside it; it takes two minutes."
          : "A password alone can be guessed or given away. With a second factor beside it that is not enough to get in."
      }
    >
      <Choose
        onChoose={(step) => setAt({ step })}
        {...(session.factor.due ? {} : { onLater: () => void goOn() })}
      />
    </Doorstep>
  );
}

function Choose(props: { onChoose: (step: "passkey" | "totp") => void; onLater?: () => void }) {
  const signOut = useSignOut();
  const passkeys = knowsPasskeys();
  return (
    <>
      <ul className="flex flex-col gap-3">
        {passkeys && (
          <li>
            <Choice
              icon={<KeyRound size={20} strokeWidth={1.7} aria-hidden />}
              title="A passkey"
              words="Finger, face or PIN of this device, or a security key. The safest: it cannot be given to a false page."
              onClick={() => props.onChoose("passkey")}
            />
          </li>
        )}
        <li>
          <Choice
            icon={<Smartphone size={20} strokeWidth={1.7} aria-hidden />}
            title="An authenticator app"
            words="An app on your phone shows six digits, new ones every half minute. Works without a network."
            onClick={() => props.onChoose("totp")}
          />
        </li>
      </ul>
      <p className="mt-4 text-small text-muted">
        {passkeys
          ? "You can add more of either kind later, and get recovery codes for the day when none is at hand."
          : "Passkeys do not work in this browser or at this address; you can add one elsewhere later."}
      </p>
      {signOut.error && (
        <div className="mt-4">
          <Notice>{wordsOf(signOut.error)}</Notice>
        </div>
      )}
      <div className="mt-6 border-t border-line pt-4">
        {props.onLater ? (
          <TextButton onClick={props.onLater}>Not now</TextButton>
        ) : (
          <TextButton busy={signOut.isPending} onClick={() => signOut.mutate()}>
            Sign out
          </TextButton>
        )}
      </div>
    </>
  );
}

function Choice(props: { icon: ReactNode; title: string; words: string; onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={props.onClick}
      className="flex w-full gap-3.5 rounded-lg border border-line bg-surface px-4 py-3.5 text-left transition-colors hover:border-edge"
    >
      <span className="pt-0.5 text-accent">{props.icon}</span>
      <span>
        <span className="block font-semibold">{props.title}</span>
        <span className="mt-0.5 block text-small text-muted">{props.words}</span>
      </span>
    </button>
  );
}

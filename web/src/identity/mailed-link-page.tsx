import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { call } from "../api/client.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { Button } from "../ui/button.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { isSpent, useLinkToken } from "./link-token.ts";

type Words = { title: string; lead: string; deed: string; doneTitle: string; done: string; path: string };

/** Confirming an address by the link that was mailed to it. */
export function VerifyPage() {
  const { slug } = useParams({ from: "/t/$slug/verify" });
  return (
    <MailedLink
      slug={slug}
      words={{
        title: "Confirm your address",
        lead: "One click shows that this address is yours. You can sign in afterwards.",
        deed: "Confirm",
        doneTitle: "Your address is confirmed",
        done: "You can sign in now.",
        path: "verification",
      }}
    />
  );
}

/** Opening a locked account before its time, by the link that was mailed to its owner. */
export function UnlockPage() {
  const { slug } = useParams({ from: "/t/$slug/unlock" });
  return (
    <MailedLink
      slug={slug}
      words={{
        title: "Unlock your account",
        lead: "It was locked after several failed sign-ins. If those were not you, choose a new password after signing in.",
        deed: "Unlock",
        doneTitle: "Your account is unlocked",
        done: "You can sign in now.",
        path: "unlock",
      }}
    />
  );
}

/** Confirming a new address by the link that was mailed to it. */
export function ConfirmAddressPage() {
  const { slug } = useParams({ from: "/t/$slug/confirm-address" });
  return (
    <MailedLink
      slug={slug}
      words={{
        title: "Confirm your new address",
        lead: "From then on you sign in with it. We tell your old address, which can take the change back for three days.",
        deed: "Use this address",
        doneTitle: "Your address is changed",
        done: "You sign in with the new one now.",
        path: "address-changes/confirm",
      }}
    />
  );
}

/** Taking a change of address back, by the link that was mailed to the old one. */
export function UndoAddressPage() {
  const { slug } = useParams({ from: "/t/$slug/undo-address" });
  return (
    <MailedLink
      slug={slug}
      words={{
        title: "Take the change back",
        lead: "Your account gets this address again, every session ends, and we mail you a link for a new password. Do this if the change was not yours.",
        deed: "Take it back",
        doneTitle: "Your old address is back",
        done: "Every session has ended. The mail that is on its way has a link for a new password.",
        path: "address-changes/undo",
      }}
    />
  );
}

/** The deed needs a click: mail scanners open links by themselves and would use up the token. */
function MailedLink({ slug, words }: { slug: string; words: Words }) {
  const { token, forget } = useLinkToken();
  const use = useMutation({
    mutationFn: () => call(slug, "POST", words.path, { body: { token } }),
    onSuccess: forget,
  });
  const signIn = (
    <Link to="/t/$slug/sign-in" params={{ slug }} className="text-accent underline underline-offset-3">
      Sign in
    </Link>
  );
  if (use.isSuccess) {
    return (
      <Doorstep title={words.doneTitle} lead={words.done}>
        {signIn}
      </Doorstep>
    );
  }
  if (!token || isSpent(use.error)) {
    return (
      <Doorstep
        title="This link no longer works"
        lead="It was used already or its time is over. If you cannot sign in, ask an admin of your workspace."
      >
        {signIn}
      </Doorstep>
    );
  }
  return (
    <Doorstep title={words.title} lead={words.lead}>
      <div className="flex flex-col gap-4">
        {use.error && <Notice>{wordsOf(use.error)}</Notice>}
        <Button kind="primary" className="min-h-10" busy={use.isPending} onClick={() => use.mutate()}>
          {words.deed}
        </Button>
      </div>
    </Doorstep>
  );
}

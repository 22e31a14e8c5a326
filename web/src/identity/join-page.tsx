import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { call } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { OpenedInvitation } from "../api/types.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { roleMeaning, roleWord } from "../tenancy/roles.ts";
import { Button } from "../ui/button.tsx";
import { Field, PasswordField } from "../ui/field.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { fullTime } from "../ui/time.tsx";
import { isSpent, useLinkToken } from "./link-token.ts";
import { passwordRules } from "./password-rule.ts";

/** Joining a workspace by the link of an invitation. */
export function JoinPage() {
  const { slug } = useParams({ from: "/t/$slug/join" });
  const { token, forget } = useLinkToken();
  const invitation = useQuery({
    queryKey: [slug, "invitation", token],
    queryFn: () => call<OpenedInvitation>(slug, "POST", "invitations/open", { body: { token } }),
    enabled: token !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!token || isSpent(invitation.error)) return <Spent slug={slug} />;
  if (invitation.isError) {
    return (
      <Doorstep title="Join">
        <ErrorPanel error={invitation.error} onRetry={() => void invitation.refetch()} />
      </Doorstep>
    );
  }
  if (invitation.isPending) {
    return (
      <Doorstep title="Join">
        <Skeleton label="Opening your invitation" lines={5} tall />
      </Doorstep>
    );
  }
  return <Form slug={slug} token={token} invitation={invitation.data} forget={forget} />;
}

function Form(props: { slug: string; token: string; invitation: OpenedInvitation; forget: () => void }) {
  const { slug, token, invitation } = props;
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const join = useMutation({
    mutationFn: () =>
      call<{ slug: string }>(slug, "POST", "invitations/accept", {
        body: { token, name: name.trim(), password },
      }),
    onSuccess: (joined) => {
      props.forget();
      void navigate({ to: "/t/$slug/sign-in", params: { slug: joined.slug }, replace: true });
    },
  });
  const fields = isApiError(join.error) ? join.error.fields : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    join.mutate();
  }
  return (
    <Doorstep
      title={`Join ${invitation.tenant}`}
      lead={
        <>
          {invitation.invitedBy} invited{" "}
          <strong className="font-semibold text-ink">{invitation.address}</strong> as{" "}
          {roleWord(invitation.role).toLowerCase()}. {roleMeaning(invitation.role)}
        </>
      }
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {join.error && !fields.password && !fields.name && <Notice>{wordsOf(join.error)}</Notice>}
        <Field
          label="Your name"
          autoComplete="name"
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={fields.name}
        />
        {/* Hidden, so that a password manager keeps the password with its address. */}
        <input type="email" autoComplete="username" value={invitation.address} readOnly hidden />
        <PasswordField
          label="Choose a password"
          autoComplete="new-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          hint={passwordRules.unknown}
          error={fields.password}
        />
        <Button type="submit" kind="primary" busy={join.isPending} className="min-h-10">
          Join
        </Button>
      </form>
      <p className="mt-5 text-small text-muted">
        The invitation works once, until {fullTime(invitation.expiresAt)}.
      </p>
    </Doorstep>
  );
}

function Spent({ slug }: { slug: string }) {
  return (
    <Doorstep
      title="This invitation no longer works"
      lead="It was used already, it was withdrawn, or its seven days are over. Ask whoever invited you for a new one."
    >
      <Link to="/t/$slug/sign-in" params={{ slug }} className="text-accent underline underline-offset-3">
        Sign in, if you have joined already
      </Link>
    </Doorstep>
  );
}

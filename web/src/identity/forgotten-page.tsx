import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { call } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Notice } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { withChallenge } from "./sign-in/challenge.ts";
import { Refusal, useWait } from "./sign-in/refusal.tsx";
import { WorkLine } from "./sign-in/work-line.tsx";

/** Asking for a link to a new password. Says the same whether anybody has the address or not. */
export function ForgottenPage() {
  const { slug } = useParams({ from: "/t/$slug/forgotten" });
  const [address, setAddress] = useState("");
  const [working, setWorking] = useState(false);
  const ask = useMutation({
    mutationFn: () =>
      withChallenge(
        slug,
        (challenge) =>
          call(slug, "POST", "password-resets", {
            body: { address: address.trim(), ...(challenge ? { challenge } : {}) },
          }),
        setWorking,
      ),
  });
  const wait = useWait(ask.error);
  const wrong = isApiError(ask.error) ? ask.error.fields.address : undefined;
  const back = (
    <Link to="/t/$slug/sign-in" params={{ slug }} className="text-accent underline underline-offset-3">
      Back to signing in
    </Link>
  );
  if (ask.isSuccess) {
    return (
      <Doorstep
        title="Look into your mail"
        lead={
          <>
            If <strong className="font-semibold text-ink">{address.trim()}</strong> belongs to a member of
            this workspace, a link is on its way. It works once, for one hour.
          </>
        }
      >
        <p className="mb-5 text-small text-muted">
          Nothing there? Look among unwanted mail, check the address, or ask an admin of your workspace.
        </p>
        {back}
      </Doorstep>
    );
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (wait === 0) ask.mutate();
  }
  return (
    <Doorstep title="Forgotten your password?" lead="We mail you a link with which you choose a new one.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        {ask.error && !wrong && (
          <Notice>
            <Refusal error={ask.error} wait={wait} />
          </Notice>
        )}
        <Field
          label="Email address"
          name="address"
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          error={wrong}
        />
        <Button type="submit" kind="primary" busy={ask.isPending} disabled={wait > 0} className="min-h-10">
          {wait > 0 ? `Wait ${plural(wait, "second")}` : "Mail me a link"}
        </Button>
        <WorkLine working={working} />
      </form>
      <p className="mt-6">{back}</p>
    </Doorstep>
  );
}

import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { call } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { Button, buttonLook } from "../ui/button.tsx";
import { PasswordField } from "../ui/field.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { isSpent, useLinkToken } from "./link-token.ts";
import { passwordRules } from "./password-rule.ts";

/** Choosing a new password by a mailed link. */
export function ResetPage() {
  const { slug } = useParams({ from: "/t/$slug/reset" });
  const { token, forget } = useLinkToken();
  const [password, setPassword] = useState("");
  const use = useMutation({
    mutationFn: () => call(slug, "POST", "password-resets/use", { body: { token, password } }),
    onSuccess: forget,
  });
  if (use.isSuccess) {
    return (
      <Doorstep
        title="Your password is changed"
        lead="Every session and API key of yours has ended. Sign in with the new password; your second factor stays as it was."
      >
        <Link to="/t/$slug/sign-in" params={{ slug }} className={`${buttonLook("primary")} min-h-10 w-full`}>
          Sign in
        </Link>
      </Doorstep>
    );
  }
  if (!token || isSpent(use.error)) {
    return (
      <Doorstep
        title="This link no longer works"
        lead="It was used already, its hour is over, or a newer one was asked for."
      >
        <Link to="/t/$slug/forgotten" params={{ slug }} className="text-accent underline underline-offset-3">
          Ask for a new link
        </Link>
      </Doorstep>
    );
  }
  const wrong = isApiError(use.error) ? use.error.fields.password : undefined;
  function submit(event: FormEvent) {
    event.preventDefault();
    use.mutate();
  }
  return (
    <Doorstep title="Choose a new password" lead="Every session and API key of yours ends with it.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        {use.error && !wrong && <Notice>{wordsOf(use.error)}</Notice>}
        <PasswordField
          label="New password"
          autoComplete="new-password"
          required
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          hint={passwordRules.unknown}
          error={wrong}
        />
        <Button type="submit" kind="primary" busy={use.isPending} className="min-h-10">
          Change the password
        </Button>
      </form>
    </Doorstep>
  );
}

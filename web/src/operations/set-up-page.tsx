import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { callGlobal } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { useInstallation } from "../api/installation.ts";
import type { Installation } from "../api/types.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { useLinkToken } from "../identity/link-token.ts";
import { passwordRules } from "../identity/password-rule.ts";
import { Button, buttonLook } from "../ui/button.tsx";
import { Field, PasswordField } from "../ui/field.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../ui/states.tsx";

/** The first visit: whoever holds the link from the terminal becomes the operator. */
export function SetUpPage() {
  const { token, forget } = useLinkToken();
  const [done, setDone] = useState<{ slug: string; outbox: string | null } | null>(null);
  const installation = useInstallation();
  if (done) return <Done {...done} />;
  if (installation.isError) {
    return (
      <Doorstep title="Set up">
        <ErrorPanel
          error={installation.error}
          onRetry={() => void installation.refetch()}
          title="No answer yet"
        />
      </Doorstep>
    );
  }
  if (installation.isPending) {
    return (
      <Doorstep title="Set up">
        <Skeleton label="Asking the server" tall />
      </Doorstep>
    );
  }
  if (installation.data.setUp) return <AlreadyDone />;
  if (!token) {
    return (
      <Doorstep
        title="The link is incomplete"
        lead="Copy the whole set-up link that the terminal printed when the server started: it ends in # and a token. Without it nobody can become the first owner."
      />
    );
  }
  return (
    <Form
      token={token}
      installation={installation.data}
      onDone={(result) => {
        forget();
        setDone(result);
      }}
    />
  );
}

const fieldNames = ["company", "name", "address", "password"] as const;

function Form(props: {
  token: string;
  installation: Installation;
  onDone: (result: { slug: string; outbox: string | null }) => void;
}) {
  const [form, setForm] = useState({ company: "", name: "", address: "", password: "" });
  const setUp = useMutation({
    mutationFn: () =>
      callGlobal<{ slug: string; outbox: string | null }>("POST", "set-up", {
        body: { token: props.token, ...form },
      }),
    onSuccess: props.onDone,
  });
  const error = isApiError(setUp.error) ? setUp.error : null;
  if (error?.code === "set_up_done") return <AlreadyDone />;
  const field = (name: (typeof fieldNames)[number]) => ({
    name,
    value: form[name],
    required: true,
    error: error?.fields[name],
    onChange: (event: { target: { value: string } }) =>
      setForm((old) => ({ ...old, [name]: event.target.value })),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    setUp.mutate();
  }
  return (
    <Doorstep
      title="Set up Vouchsafe"
      lead="You become the operator: you run this installation and open workspaces for customers. You do not see their documents."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {error && !fieldNames.some((name) => error.fields[name]) && (
          <Notice>
            {error.code === "token_invalid" || error.fields.token
              ? "This set-up link is not valid. The terminal prints a new one each time the server starts; use the last."
              : wordsOf(error)}
          </Notice>
        )}
        <Field
          label="Company"
          hint="Names your own workspace, the operator’s."
          autoComplete="organization"
          maxLength={120}
          {...field("company")}
        />
        <Field label="Your name" autoComplete="name" maxLength={120} {...field("name")} />
        <Field label="Your email address" type="email" autoComplete="username" {...field("address")} />
        <PasswordField
          label="Choose a password"
          autoComplete="new-password"
          hint={passwordRules.composed}
          {...field("password")}
        />
        <Button type="submit" kind="primary" busy={setUp.isPending} className="min-h-10">
          Set up
        </Button>
      </form>
      <p className="mt-6 border-t border-line pt-4 text-small text-muted">
        {props.installation.masterKey === "file"
          ? "The master key lies in a file of its own on this machine, readable by the server only. Good for trying out; in production give it from outside."
          : props.installation.masterKey === "service"
            ? "The master key stays in a key service; this server asks it to open its keys."
            : "The master key comes from the environment and is not written to disk."}
      </p>
    </Doorstep>
  );
}

function Done({ slug, outbox }: { slug: string; outbox: string | null }) {
  return (
    <Doorstep
      title="This installation is yours"
      lead="Sign in and set up a second factor, which operators always need. Then open the first workspace, for a customer or for your own company."
    >
      {outbox && (
        <div className="mb-6">
          <Notice kind="stale">
            <p>
              No mail server is connected, so mails are kept on this machine. Confirm your address there, and
              keep this link: it is shown once.
            </p>
            <a
              href={outbox}
              target="_blank"
              rel="noreferrer"
              className="mt-1.5 inline-block font-mono text-evidence break-all underline underline-offset-3"
            >
              {window.location.origin}
              {outbox}
            </a>
          </Notice>
        </div>
      )}
      <Link to="/t/$slug/sign-in" params={{ slug }} className={`${buttonLook("primary")} min-h-10 w-full`}>
        Sign in
      </Link>
    </Doorstep>
  );
}

function AlreadyDone() {
  return (
    <Doorstep title="This installation is set up already" lead="Its operator can invite you.">
      <Link to="/" className="text-accent underline underline-offset-3">
        Go to your workspace
      </Link>
    </Doorstep>
  );
}

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { rememberSession } from "../../api/client.ts";
import { isApiError } from "../../api/errors.ts";
import type { Policy, SessionView } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { PasswordField } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { passwordRules } from "../password-rule.ts";
import { useSession } from "../session.tsx";

/** A new password for whoever knows the present one. */
export function PasswordForm() {
  const session = useSession();
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const policy = useQuery({
    queryKey: [session.slug, "policy"],
    queryFn: () => session.call<Policy>("GET", "policy"),
    enabled: session.can("policy.read"),
  });
  const save = useMutation({
    mutationFn: () => session.call<SessionView>("PUT", "account/password", { body: { current, new: next } }),
    onSuccess: (view) => {
      // This browser goes on in a new session, which has a proof of its own.
      queries.setQueryData([session.slug, "session"], rememberSession(view));
      setCurrent("");
      setNext("");
      void queries.invalidateQueries({ queryKey: [session.slug, "sessions"] });
      say("Your password is changed. Other sessions have ended.");
    },
  });
  const fields = isApiError(save.error) ? save.error.fields : {};
  const wrongNew = fields.new ?? fields.password;
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-3">
      {save.error && !wrongNew && !fields.current && <Notice>{wordsOf(save.error)}</Notice>}
      <input type="email" autoComplete="username" value={session.me.address} readOnly hidden />
      <PasswordField
        label="Password now"
        autoComplete="current-password"
        required
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
        error={fields.current}
      />
      <PasswordField
        label="New password"
        autoComplete="new-password"
        required
        value={next}
        onChange={(event) => setNext(event.target.value)}
        hint={passwordRules[policy.data?.passwords ?? "unknown"]}
        error={wrongNew}
      />
      <div>
        <Button type="submit" busy={save.isPending} disabled={!current || !next}>
          Change the password
        </Button>
      </div>
    </form>
  );
}

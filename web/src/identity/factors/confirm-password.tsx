import { type FormEvent, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import { Button } from "../../ui/button.tsx";
import { DialogActions } from "../../ui/dialog.tsx";
import { PasswordField } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { useSession } from "../session.tsx";

/**
 * The password once more, of whoever has no second factor: before they set up the first, or take out or erase what is
 * theirs, long after they signed in.
 */
export function ConfirmPassword(props: {
  busy: boolean;
  error: unknown;
  onPassword: (password: string) => void;
  onClose: () => void;
}) {
  const session = useSession();
  const [password, setPassword] = useState("");
  const isWrong = isApiError(props.error) && props.error.code === "sign_in_failed";
  function submit(event: FormEvent) {
    event.preventDefault();
    props.onPassword(password);
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <p className="text-muted">You signed in a while ago. Give your password to go on.</p>
      {props.error && !isWrong ? <Notice>{wordsOf(props.error)}</Notice> : null}
      <input type="email" autoComplete="username" value={session.me.address} readOnly hidden />
      <PasswordField
        label="Your password"
        name="password-to-confirm"
        autoComplete="current-password"
        required
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={isWrong ? "This is not your password." : undefined}
      />
      <DialogActions>
        <Button onClick={props.onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={props.busy} disabled={!password}>
          Confirm
        </Button>
      </DialogActions>
    </form>
  );
}

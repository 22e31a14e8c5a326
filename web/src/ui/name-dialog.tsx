import { type FormEvent, useState } from "react";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Notice, wordsOf } from "./states.tsx";

/** Asks for the name of something: of what is being made, or instead of the one it has. */
export function NameDialog(props: {
  title: string;
  deed: string;
  name: string;
  /** How long a name may be, in characters. */
  longest: number;
  hint?: string;
  busy: boolean;
  error: unknown;
  onName: (name: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(props.name);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim()) props.onName(name.trim());
  }
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={props.longest}
          required
          data-first
          hint={props.hint}
        />
        {props.error ? <Notice>{wordsOf(props.error)}</Notice> : null}
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={props.busy}>
            {props.deed}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

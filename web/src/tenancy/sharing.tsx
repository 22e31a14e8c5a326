import { useState } from "react";
import type { Visibility } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";

/** Who can see a thing, chosen between two. */
export function Sharing(props: {
  noun: string;
  value: Visibility;
  note?: string;
  busy: boolean;
  error: unknown;
  onSave: (value: Visibility) => void;
  onClose: () => void;
}) {
  const session = useSession();
  const [value, setValue] = useState(props.value);
  const choices: { value: Visibility; title: string; words: string }[] = [
    { value: "private", title: "Only you", words: "Nobody else sees it, admins included." },
    {
      value: "tenant",
      title: `Everyone at ${session.tenant.name}`,
      words: `Every member can read this ${props.noun}. Only you can change it.`,
    },
  ];
  return (
    <Dialog title="Who can see it" onClose={props.onClose}>
      <fieldset className="flex flex-col gap-2.5">
        <legend className="sr-only">Who can see this {props.noun}</legend>
        {choices.map((choice) => (
          <label
            key={choice.value}
            className={classes(
              "flex cursor-pointer gap-3 rounded-md border px-4 py-3",
              value === choice.value ? "border-accent bg-accent-soft" : "border-line",
            )}
          >
            <input
              type="radio"
              name="visibility"
              className="mt-1 accent-[var(--accent)]"
              checked={value === choice.value}
              onChange={() => setValue(choice.value)}
              {...(value === choice.value ? { "data-first": true } : {})}
            />
            <span>
              <span className="block font-semibold">{choice.title}</span>
              <span className="block text-small text-muted">{choice.words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {props.note && <p className="mt-3.5 text-small text-muted">{props.note}</p>}
      {props.error ? (
        <div className="mt-4">
          <Notice>{wordsOf(props.error)}</Notice>
        </div>
      ) : null}
      <DialogActions>
        <Button onClick={props.onClose}>Cancel</Button>
        <Button kind="primary" busy={props.busy} onClick={() => props.onSave(value)}>
          Save
        </Button>
      </DialogActions>
    </Dialog>
  );
}

import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import { Notice, wordsOf } from "./states.tsx";

/** Asks before a deed that cannot be taken back. `deed` is the button's word and names what happens. */
export function Confirm(props: {
  title: string;
  children: ReactNode;
  deed: string;
  danger?: boolean;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <div className="text-muted">{props.children}</div>
      {props.error ? (
        <div className="mt-4">
          <Notice>{wordsOf(props.error)}</Notice>
        </div>
      ) : null}
      <DialogActions>
        <Button data-first onClick={props.onClose}>
          Keep it as it is
        </Button>
        <Button
          kind={props.danger === false ? "primary" : "danger"}
          busy={props.busy}
          onClick={props.onConfirm}
        >
          {props.deed}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

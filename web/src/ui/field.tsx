import { Eye, EyeOff } from "lucide-react";
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
  useState,
} from "react";
import { classes } from "./classes.ts";

const box =
  "w-full rounded-md border border-edge bg-surface px-3 text-base text-ink min-h-10 aria-invalid:border-broken disabled:opacity-60";

type Shared = { label: string; hint?: ReactNode; error?: string | undefined; optional?: boolean };

export type FieldProps = InputHTMLAttributes<HTMLInputElement> & Shared;

/** A labelled input with its hint and its error, tied together for screen readers. */
export function Field({ label, hint, error, optional, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional ?? false} className={className}>
      <input
        id={id}
        {...rest}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-more`}
        className={box}
      />
    </Frame>
  );
}

/** A password input that can be shown while typing. */
export function PasswordField({ label, hint, error, className, ...rest }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={false} className={className}>
      <div className="relative">
        <input
          id={id}
          {...rest}
          type={shown ? "text" : "password"}
          spellCheck={false}
          autoCapitalize="none"
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-more`}
          className={classes(box, "pr-11")}
        />
        <button
          type="button"
          onClick={() => setShown(!shown)}
          aria-pressed={shown}
          aria-label="Show the password"
          className="absolute inset-y-1 right-1 inline-flex w-9 items-center justify-center rounded-sm text-muted hover:text-ink"
        >
          {shown ? <EyeOff size={17} aria-hidden /> : <Eye size={17} aria-hidden />}
        </button>
      </div>
    </Frame>
  );
}

/** A labelled text of several lines. */
export function AreaField({
  label,
  hint,
  error,
  optional,
  className,
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> & Shared) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={optional ?? false} className={className}>
      <textarea
        id={id}
        {...rest}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-more`}
        className={classes(box, "py-2 leading-normal")}
      />
    </Frame>
  );
}

/** A labelled native select. */
export function SelectField({
  label,
  hint,
  error,
  children,
  className,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & Shared) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} optional={false} className={className}>
      <select
        id={id}
        {...rest}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-more`}
        className={box}
      >
        {children}
      </select>
    </Frame>
  );
}

function Frame(props: Shared & { id: string; className?: string | undefined; children: ReactNode }) {
  return (
    <div className={props.className}>
      <label htmlFor={props.id} className="mb-1.5 block text-small font-semibold">
        {props.label}
        {props.optional && <span className="font-normal text-muted"> (optional)</span>}
      </label>
      {props.children}
      <div id={`${props.id}-more`} className="mt-1.5 text-small">
        {props.error ? (
          <p className="text-broken">{props.error}</p>
        ) : (
          props.hint && <p className="text-muted">{props.hint}</p>
        )}
      </div>
    </div>
  );
}

import type { ButtonHTMLAttributes, Ref } from "react";
import { classes } from "./classes.ts";

type Kind = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Kind, string> = {
  primary: "bg-accent text-on-accent font-semibold hover:bg-accent-strong",
  plain: "bg-surface text-ink font-medium border border-line hover:border-edge",
  quiet: "text-ink font-medium hover:bg-accent-soft",
  danger: "bg-surface text-broken font-semibold border border-current hover:bg-broken-soft",
};

/** The look of a button, for links that act as one. */
export function buttonLook(kind: Kind = "plain", small = false): string {
  return classes(
    "inline-flex items-center justify-center gap-2 rounded-md transition-colors whitespace-nowrap select-none",
    "disabled:opacity-55 disabled:cursor-not-allowed aria-disabled:opacity-55",
    small ? "min-h-8 px-3 text-small" : "min-h-9 px-4",
    looks[kind],
  );
}

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  kind?: Kind;
  small?: boolean;
  /** While true the button keeps its width, says so to screen readers and takes no second click. */
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({
  kind = "plain",
  small = false,
  busy = false,
  className,
  children,
  onClick,
  type,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type ?? "button"}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={classes(buttonLook(kind, small), busy && "waiting", className)}
    >
      {children}
    </button>
  );
}

/** A square button with a picture only; `label` is its name and its tooltip. */
export function IconButton({ label, className, children, ...rest }: ButtonProps & { label: string }) {
  const { kind: _kind, small: _small, busy: _busy, type, ...attributes } = rest;
  return (
    <button
      {...attributes}
      type={type ?? "button"}
      aria-label={label}
      title={label}
      className={classes(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-sm text-muted transition-colors hover:bg-accent-soft hover:text-ink disabled:opacity-40 disabled:hover:bg-transparent",
        className,
      )}
    >
      {children}
    </button>
  );
}

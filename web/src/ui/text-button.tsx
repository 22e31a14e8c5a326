import type { ButtonHTMLAttributes } from "react";
import { classes } from "./classes.ts";

/** A button that reads as a link in a line of text: another way to do the same, a way back. */
export function TextButton({
  className,
  busy = false,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      disabled={busy}
      className={classes(
        "inline-flex min-h-6 items-center text-accent underline underline-offset-3 hover:text-accent-strong disabled:opacity-55",
        className,
      )}
    />
  );
}

import type { ReactNode } from "react";
import { isApiError } from "../api/errors.ts";
import { Button } from "./button.tsx";
import { classes } from "./classes.ts";
import { Glyph } from "./glyph.tsx";

/** A page (`whole`) or a part with nothing in it yet: says what would be here and how it gets here. */
export function Empty(props: { title: string; children?: ReactNode; action?: ReactNode; whole?: boolean }) {
  const { title, children, action } = props;
  const Heading = props.whole ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-4 py-16 text-center">
      <Heading className="font-serif text-title font-medium">{title}</Heading>
      {children && <div className="mt-2 text-muted">{children}</div>}
      {action && <div className="mt-6 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  );
}

/** What failed, what to do, and the request's number for whoever looks into it. */
export function ErrorPanel(props: { error: unknown; onRetry?: () => void; title?: string; whole?: boolean }) {
  const { error, onRetry, title, whole = false } = props;
  const Heading = whole ? "h1" : "h2";

  const known = isApiError(error) ? error : null;
  if (known?.code === "forbidden" || known?.status === 403)
    return <Forbidden words={known.message} whole={whole} />;
  if (known?.status === 404) {
    return (
      <Empty title={title ?? "Nothing here"} whole={whole}>
        <p>{known.message || "It was deleted, or it is not shared with you."}</p>
      </Empty>
    );
  }
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-center px-4 py-16 text-center">
      <Glyph state="broken" size={22} />
      <Heading className="mt-3 font-serif text-title font-medium">
        {title ?? "This could not be loaded"}
      </Heading>
      <p className="mt-2 text-muted">
        {known?.message ?? "Something on this page went wrong. Load the page again."}
      </p>
      {known?.requestId && (
        <p className="mt-2 font-mono text-evidence text-muted">Request {known.requestId}</p>
      )}
      {onRetry && (
        <Button className="mt-6" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Forbidden({ words, whole = true }: { words?: string; whole?: boolean }) {
  return (
    <Empty title="This is not open to you" whole={whole}>
      <p>{words || "Your role does not include it. An admin of this workspace can change that."}</p>
    </Empty>
  );
}

/** A message inside a form or a dialog: a refusal, or something to know before acting. */
export function Notice({
  kind = "broken",
  children,
}: {
  kind?: "broken" | "held" | "stale";
  children: ReactNode;
}) {
  return (
    <div
      role={kind === "broken" ? "alert" : "status"}
      className={classes(
        "flex gap-2.5 rounded-md px-3.5 py-2.5",
        kind === "broken" ? "bg-broken-soft text-ink" : "bg-accent-soft text-ink",
      )}
    >
      <span className="pt-0.5">
        <Glyph state={kind} />
      </span>
      <div className="min-w-0">{children}</div>
    </div>
  );
}

/** Words of an error for a Notice; what is wrong with the single values, where the server said so. */
export function wordsOf(error: unknown): string {
  if (!isApiError(error)) return "Something on this page went wrong. Load the page again.";
  return Object.values(error.fields).join(" ") || error.message;
}

/** Grey bars in the place of what is coming; `label` is what a screen reader hears. */
export function Skeleton({
  label,
  lines = 5,
  tall = false,
}: {
  label: string;
  lines?: number;
  tall?: boolean;
}) {
  const widths = ["w-11/12", "w-4/5", "w-2/3", "w-5/6", "w-3/4"];
  return (
    <div role="status" className="waiting">
      <span className="sr-only">{label}</span>
      {Array.from({ length: lines }, (_, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the bars are alike and never move.
          key={index}
          aria-hidden="true"
          className={classes(
            "rounded-sm bg-line",
            tall ? "mb-6 h-5" : "mb-3.5 h-3.5",
            widths[index % widths.length],
          )}
        />
      ))}
    </div>
  );
}

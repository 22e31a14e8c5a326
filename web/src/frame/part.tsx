import type { ReactNode } from "react";

/** A part of a settings page, with its heading and a line about it. */
export function Part({
  title,
  words,
  aside,
  children,
}: {
  title: string;
  words?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title}>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="font-serif text-title font-medium">{title}</h2>
          {words && <p className="mt-0.5 max-w-[62ch] text-small text-muted">{words}</p>}
        </div>
        {aside}
      </div>
      <div className="mt-4">{children}</div>
    </section>
  );
}

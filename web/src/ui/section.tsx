import { type ReactNode, useId } from "react";

/** A part of a page under its own heading, with what stands at the heading's right. */
export function Section(props: { title: string; words?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mb-11">
      <div className="mb-4 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-64">
          <h2 id={id} className="font-serif text-title font-medium">
            {props.title}
          </h2>
          {props.words && <div className="mt-0.5 max-w-[68ch] text-small text-muted">{props.words}</div>}
        </div>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

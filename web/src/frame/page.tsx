import { type ReactNode, useEffect } from "react";

/** Sets the title of the browser's tab; screen readers announce it when a page opens. */
export function useTitle(...parts: (string | null | undefined)[]): void {
  const title = [...parts.filter(Boolean), "Vouchsafe"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** A page of the frame with its heading, what stands at the heading's right, and the body. */
export function Page({
  title,
  below,
  aside,
  children,
}: {
  title: string;
  below?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <div className="mx-auto w-full max-w-[68rem] px-4 pt-5 pb-12 md:px-[34px]">
      <div className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="font-serif text-page font-medium wrap-anywhere">{title}</h1>
          {below && <div className="mt-1 text-small text-muted">{below}</div>}
        </div>
        {aside && <div className="flex min-w-0 flex-wrap items-center gap-3.5 max-sm:w-full">{aside}</div>}
      </div>
      {children}
    </div>
  );
}

import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { BrandMark } from "../ui/mark.tsx";
import { useTitle } from "./page.tsx";

/** The page around everything before signing in: one narrow column, the mark above, the proof below. */
export function Doorstep({
  title,
  lead,
  children,
  tab,
}: {
  title: string;
  lead?: ReactNode;
  children?: ReactNode;
  tab?: string;
}) {
  useTitle(tab ?? title);
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(title);
  // One step follows another without a new page: where the button that led on has gone, the new heading is read.
  useEffect(() => {
    if (before.current !== title && document.activeElement === document.body) heading.current?.focus();
    before.current = title;
  }, [title]);
  return (
    <div className="flex min-h-dvh flex-col items-center px-5">
      <main className="w-full max-w-[25rem] flex-1 pt-[min(13vh,7rem)] pb-12">
        <BrandMark size={34} />
        <h1 ref={heading} tabIndex={-1} className="mt-6 font-serif text-page font-medium outline-none">
          {title}
        </h1>
        {lead && <div className="mt-2 text-muted">{lead}</div>}
        {children && <div className="mt-7">{children}</div>}
      </main>
      <footer className="flex w-full max-w-[25rem] justify-between gap-4 border-t border-line py-5 text-small text-muted print:hidden">
        <span>Vouchsafe</span>
        <Link to="/security" className="underline decoration-line underline-offset-3 hover:text-ink">
          How this is checked
        </Link>
      </footer>
    </div>
  );
}

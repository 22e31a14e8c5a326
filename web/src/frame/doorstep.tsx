import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
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
  return (
    <div className="flex min-h-dvh flex-col items-center px-5">
      <main className="w-full max-w-[25rem] flex-1 pt-[min(13vh,7rem)] pb-12">
        <BrandMark size={34} />
        <h1 className="mt-6 font-serif text-page font-medium">{title}</h1>
        {lead && <div className="mt-2 text-muted">{lead}</div>}
        {children && <div className="mt-7">{children}</div>}
      </main>
      <footer className="flex w-full max-w-[25rem] justify-between gap-4 border-t border-line py-5 text-small text-muted">
        <span>Vouchsafe</span>
        <Link to="/security" className="underline decoration-line underline-offset-3 hover:text-ink">
          How this is checked
        </Link>
      </footer>
    </div>
  );
}

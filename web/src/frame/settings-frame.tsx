import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useSession } from "../identity/session.tsx";
import { Page } from "./page.tsx";
import { settingsGroups, settingsPartsOf } from "./settings-parts.ts";

/** Settings: the parts at the left, on a phone folded into one line above. */
export function SettingsFrame() {
  return (
    <Page title="Settings">
      <div className="md:grid md:grid-cols-[9.5rem_minmax(0,1fr)] md:gap-10 lg:gap-14">
        <Folded>
          <Parts />
        </Folded>
        <nav aria-label="Settings" className="hidden md:block">
          <Parts />
        </nav>
        <div className="min-w-0">
          <Outlet />
        </div>
      </div>
    </Page>
  );
}

function Parts() {
  const session = useSession();
  const open = settingsPartsOf(session);
  return settingsGroups.map(({ group, words }) => {
    const own = open.filter((part) => part.group === group);
    if (!own.length) return null;
    return (
      <div key={group} className="mb-5 max-md:mb-2">
        <p className="mb-1 px-2.5 text-small text-muted">{words}</p>
        <ul className="flex flex-col gap-0.5">
          {own.map((part) => (
            <li key={part.name}>
              <Link
                to={`/t/$slug/settings/${part.name}` as "/t/$slug/settings/account"}
                params={{ slug: session.slug }}
                className="flex min-h-9 items-center rounded-sm px-2.5 text-muted transition-colors hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-semibold aria-[current=page]:text-ink"
                activeProps={{ "aria-current": "page" }}
              >
                {part.words}
              </Link>
            </li>
          ))}
        </ul>
      </div>
    );
  });
}

/** On a phone: one line that names the part, and opens to all of them. Choosing one folds it again. */
function Folded({ children }: { children: ReactNode }) {
  const session = useSession();
  const { pathname } = useLocation();
  const fold = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (pathname && fold.current) fold.current.open = false;
  }, [pathname]);
  const name = pathname.split("/")[4];
  const here = settingsPartsOf(session).find((part) => part.name === name);
  return (
    <details ref={fold} className="group mb-7 rounded-md border border-line bg-surface md:hidden">
      <summary className="flex min-h-11 list-none items-center justify-between gap-3 rounded-md px-3.5 font-semibold [&::-webkit-details-marker]:hidden">
        <span>
          <span className="sr-only">Part of the settings: </span>
          {here?.words ?? "All settings"}
        </span>
        <ChevronDown
          size={17}
          aria-hidden
          className="text-muted transition-transform group-open:rotate-180"
        />
      </summary>
      <nav aria-label="Settings" className="border-t border-line px-1 pt-3">
        {children}
      </nav>
    </details>
  );
}

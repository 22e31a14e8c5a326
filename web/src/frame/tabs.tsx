import { Link } from "@tanstack/react-router";
import { useSession } from "../identity/session.tsx";
import { BellButton } from "./bell.tsx";
import { placesOf } from "./places.ts";

/** The same places as tabs at the lower edge of a phone. */
export function Tabs() {
  const session = useSession();
  return (
    <nav
      aria-label="Places"
      className="flex shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden print:hidden"
    >
      {placesOf(session).map(({ to, words, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          params={{ slug: session.slug }}
          className="flex min-h-14 min-w-0 flex-1 flex-col items-center justify-center gap-1 text-[0.6875rem] text-muted -outline-offset-2 aria-[current=page]:font-bold aria-[current=page]:text-accent"
          activeProps={{ "aria-current": "page" }}
          activeOptions={{ includeSearch: false }}
        >
          <Icon size={19} strokeWidth={1.8} aria-hidden />
          {words}
        </Link>
      ))}
      <BellButton look="tab" />
    </nav>
  );
}

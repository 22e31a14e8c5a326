import { Link } from "@tanstack/react-router";
import { useSession } from "../identity/session.tsx";
import { BrandMark } from "../ui/mark.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { BellButton } from "./bell.tsx";
import { placesOf } from "./places.ts";
import { ProofBox } from "./proof.tsx";

/** Places at the left, the proof and the person at its foot. Hidden on a phone, where tabs stand below. */
export function Rail() {
  const session = useSession();
  return (
    <header className="relative hidden w-[212px] shrink-0 flex-col overflow-y-auto border-r border-line md:flex print:hidden">
      <div className="flex items-center gap-2.5 px-[22px] pt-[22px] pb-[18px]">
        <BrandMark />
        <span className="min-w-0 truncate font-semibold" title={session.tenant.name}>
          {session.tenant.name}
        </span>
      </div>
      <nav aria-label="Places" className="flex flex-col gap-0.5 px-3">
        {placesOf(session).map(({ to, words, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            params={{ slug: session.slug }}
            className="flex min-h-9 items-center gap-2.5 rounded-sm px-2.5 text-muted transition-colors hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-semibold aria-[current=page]:text-ink"
            activeProps={{ "aria-current": "page" }}
            activeOptions={{ includeSearch: false }}
          >
            <Icon size={16} strokeWidth={1.8} aria-hidden />
            {words}
          </Link>
        ))}
      </nav>
      <div className="mt-0.5 flex flex-col px-3">
        <BellButton look="rail" />
      </div>
      <div className="mt-auto flex flex-col gap-2 px-3.5 pt-6 pb-3.5">
        <ProofBox />
        <AccountMenu />
      </div>
    </header>
  );
}

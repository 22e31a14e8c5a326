import { Link, Outlet } from "@tanstack/react-router";
import { useSession } from "../identity/session.tsx";
import { Page } from "./page.tsx";

/** Settings: one page with its parts as links above. */
export function SettingsFrame() {
  const session = useSession();
  const look =
    "inline-flex min-h-10 items-center border-b-2 border-transparent px-1 text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-semibold aria-[current=page]:text-ink";
  const shared = {
    params: { slug: session.slug },
    className: look,
    activeProps: { "aria-current": "page" as const },
  };
  return (
    <Page title="Settings">
      <nav aria-label="Settings" className="-mt-2 mb-8 flex gap-6 border-b border-line">
        <Link to="/t/$slug/settings/account" {...shared}>
          Account
        </Link>
        {session.can("member.read") && (
          <Link to="/t/$slug/settings/members" {...shared}>
            Members
          </Link>
        )}
        {session.can("tenant.read") && (
          <Link to="/t/$slug/settings/workspace" {...shared}>
            Workspace
          </Link>
        )}
      </nav>
      <Outlet />
    </Page>
  );
}

import { Link } from "@tanstack/react-router";
import { useSession } from "../identity/session.tsx";

/** The operator's pages. On a phone they do not fit side by side: the one that is open is brought into sight. */
export function OperatorTabs() {
  const session = useSession();
  if (!session.can("operator.tenants.read") || !session.can("operator.support.see")) return null;
  const shared = {
    params: { slug: session.slug },
    activeOptions: { exact: true },
    activeProps: { "aria-current": "page" as const },
    className:
      "inline-flex min-h-10 items-center whitespace-nowrap border-b-2 border-transparent px-1 text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-semibold aria-[current=page]:text-ink",
  };
  return (
    <nav
      aria-label="Customers"
      ref={showOpen}
      className="-mt-2 mb-6 flex gap-6 overflow-x-auto border-b border-line"
    >
      <Link to="/t/$slug/tenants" {...shared}>
        All
      </Link>
      <Link to="/t/$slug/tenants/support" {...shared}>
        Support
      </Link>
      {session.can("operator.page.read") && (
        <Link to="/t/$slug/tenants/public-page" {...shared}>
          Public page
        </Link>
      )}
      {session.can("operator.attacks.read") && (
        <Link to="/t/$slug/tenants/attacks" {...shared}>
          Attacks
        </Link>
      )}
      {session.can("operator.backups.read") && (
        <Link to="/t/$slug/tenants/backups" {...shared}>
          Backups
        </Link>
      )}
      {session.can("operator.keys.read") && (
        <Link to="/t/$slug/tenants/keys" {...shared}>
          Keys
        </Link>
      )}
    </nav>
  );
}

function showOpen(tabs: HTMLElement | null) {
  const open = tabs?.querySelector<HTMLElement>("[aria-current=page]");
  if (tabs && open)
    tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Archive, DoorOpen, Eye, History, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import { useInstallation } from "../api/installation.ts";
import type { List, Opening } from "../api/types.ts";
import { hasFactor, useFactors } from "../identity/factors/factors.ts";
import { type Session, useSession } from "../identity/session.tsx";
import { useClosing } from "../tenancy/closing/closing.ts";
import { fullTime, useNow } from "../ui/time.tsx";

const MINUTE = 60_000;

/** What must be known on every page: who looks in, and what will be asked soon. Nothing most of the time. */
export function Banners() {
  return (
    <div className="shrink-0 empty:hidden print:hidden">
      <CopyOfThen />
      <Closing />
      <Support />
      <OpenedByAdmin />
      <FactorSoon />
    </div>
  );
}

/** In a copy for comparing: nothing that is done here is done in the real one. */
function CopyOfThen() {
  const { data } = useInstallation({ staleTime: Number.POSITIVE_INFINITY, retry: false });
  if (!data?.copyOf) return null;
  return (
    <Banner icon={<History size={16} aria-hidden />} strong>
      This is a copy of {fullTime(data.copyOf)}, for comparing. What you change here changes nothing in the
      real workspace.
    </Banner>
  );
}

/** The workspace is closing: until when, and for its owners the way back. */
function Closing() {
  const session = useSession();
  const { data } = useClosing();
  if (!data?.closing) return null;
  return (
    <Banner icon={<Archive size={16} aria-hidden />} strong>
      This workspace is closing. It can be read and exported, and nothing in it can be changed. On{" "}
      {fullTime(data.closing.until)} it is deleted.{" "}
      {session.can("tenant.close") && (
        <Link
          to="/t/$slug/settings/workspace"
          params={{ slug: session.slug }}
          className="font-semibold underline underline-offset-3"
        >
          Export it, or keep it
        </Link>
      )}
    </Banner>
  );
}

/** The operator's support: for the one who has entered, and for those whose workspace it is. */
function Support() {
  const session = useSession();
  const now = useNow();
  const { support, tenant } = session;
  if (!support || Date.parse(support.until) <= now) return null;
  const until = fullTime(support.until);
  if (isSupport(session))
    return (
      <Banner icon={<Eye size={16} aria-hidden />} strong>
        You are here as the operator’s support until {until}. {tenant.name} sees in its log what you open.
      </Banner>
    );
  return (
    <Banner icon={<DoorOpen size={16} aria-hidden />}>
      The operator’s support may enter this workspace until {until}.{" "}
      {session.can("support.see") && (
        <Link to="/t/$slug/settings/support" params={{ slug: session.slug }} className={link}>
          See why, or end it
        </Link>
      )}
    </Banner>
  );
}

/** For the owner of content that an admin has opened. */
function OpenedByAdmin() {
  const session = useSession();
  const now = useNow();
  const openings = useQuery({
    queryKey: [session.slug, "own-openings"],
    queryFn: () => session.call<List<Opening>>("GET", "account/openings", { background: true }),
    enabled: session.can("account.openings") && !isSupport(session),
    refetchInterval: 2 * MINUTE,
  });
  const open = openings.data?.items.find(({ until, ended }) => !ended && Date.parse(until) > now);
  if (!open) return null;
  return (
    <Banner icon={<Eye size={16} aria-hidden />}>
      {open.by.name} can see {whatOf(open)} until {fullTime(open.until)}: “{open.reason}”.{" "}
      <Link to="/t/$slug/settings/openings" params={{ slug: session.slug }} className={link}>
        See what was opened
      </Link>
    </Banner>
  );
}

/** The workspace asks everybody for a second factor from a day on, and this person has none yet. */
function FactorSoon() {
  const session = useSession();
  const now = useNow();
  const { requiredFrom } = session.factor;
  const ahead = requiredFrom !== null && Date.parse(requiredFrom) > now;
  const factors = useFactors(ahead);
  if (!ahead || !factors.data || hasFactor(factors.data)) return null;
  return (
    <Banner icon={<ShieldCheck size={16} aria-hidden />}>
      From {fullTime(requiredFrom)} on, this workspace asks everybody for a second factor.{" "}
      <Link
        to="/t/$slug/set-up-factor"
        params={{ slug: session.slug }}
        search={{ next: window.location.pathname + window.location.search }}
        className={link}
      >
        Set yours up now
      </Link>
    </Banner>
  );
}

const isSupport = (session: Session): boolean => session.me.role === "support";

const link = "font-semibold text-accent underline underline-offset-3";

function Banner({
  icon,
  strong = false,
  children,
}: {
  icon: ReactNode;
  strong?: boolean;
  children: ReactNode;
}) {
  return (
    <div
      role="status"
      className={`flex gap-2.5 border-b px-4 py-2 text-small md:px-[34px] ${
        strong ? "border-accent bg-accent text-on-accent" : "border-line bg-accent-soft"
      }`}
    >
      <span className={`pt-0.5 ${strong ? "" : "text-accent"}`}>{icon}</span>
      <p className="max-w-[110ch] min-w-0">{children}</p>
    </div>
  );
}

function whatOf({ of }: Opening): string {
  const name = of.name ? ` “${of.name}”` : "";
  if (of.kind === "document") return `your document${name}`;
  if (of.kind === "folder") return `your folder${name} and what is in it`;
  if (of.kind === "chat") return `your conversation${name}`;
  return "your documents and conversations";
}

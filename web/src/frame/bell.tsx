import { Link, useRouter } from "@tanstack/react-router";
import { Bell } from "lucide-react";
import { useState } from "react";
import type { PageNotice } from "../api/types.ts";
import { useForgetOlder, useMarkRead, useNotices } from "../identity/notices/notices.ts";
import { useSession } from "../identity/session.tsx";
import { classes } from "../ui/classes.ts";
import { Dialog } from "../ui/dialog.tsx";
import { NextPage } from "../ui/next-page.tsx";
import { Empty, ErrorPanel, Skeleton } from "../ui/states.tsx";
import { TextButton } from "../ui/text-button.tsx";
import { Moment, plural } from "../ui/time.tsx";

/** The notices of the signed-in person: a bell that counts what is unread, and a panel that lists all. */
export function BellButton({ look }: { look: "rail" | "tab" }) {
  const session = useSession();
  const notices = useNotices();
  const forgetOlder = useForgetOlder();
  const [open, setOpen] = useState(false);
  if (!session.can("notice.read")) return null;
  const unread = notices.data?.pages[0]?.unread ?? 0;
  const shown = unread > 99 ? "99+" : String(unread);
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className={
          look === "rail"
            ? "flex min-h-9 items-center gap-2.5 rounded-sm px-2.5 text-left text-muted transition-colors hover:text-ink"
            : "flex min-h-14 min-w-0 flex-1 flex-col items-center justify-center gap-1 text-[0.6875rem] text-muted -outline-offset-2"
        }
      >
        <span className="relative">
          <Bell size={look === "rail" ? 16 : 19} strokeWidth={1.8} aria-hidden />
          {look === "tab" && unread > 0 && (
            <span
              aria-hidden
              className="absolute -top-1.5 left-2.5 min-w-4 rounded-full bg-accent px-1 text-center text-[0.625rem] leading-4 font-bold text-on-accent"
            >
              {shown}
            </span>
          )}
        </span>
        Notices
        {look === "rail" && unread > 0 && (
          <span
            aria-hidden
            className="ml-auto min-w-5 rounded-full bg-accent px-1.5 text-center text-[0.6875rem] leading-5 font-bold text-on-accent"
          >
            {shown}
          </span>
        )}
        {unread > 0 && <span className="sr-only">, {unread} unread</span>}
      </button>
      {open && (
        <Panel
          onClose={() => {
            setOpen(false);
            forgetOlder();
          }}
        />
      )}
    </>
  );
}

function Panel({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const notices = useNotices();
  const mark = useMarkRead();
  const items = notices.data?.pages.flatMap((page) => page.items) ?? [];
  const unread = notices.data?.pages[0]?.unread ?? 0;
  return (
    <Dialog title="Notices" shape="drawer" onClose={onClose}>
      {notices.isPending ? (
        <Skeleton label="Loading your notices" lines={5} tall />
      ) : notices.isError ? (
        <ErrorPanel error={notices.error} onRetry={() => void notices.refetch()} />
      ) : items.length === 0 ? (
        <Empty title="Nothing yet">
          <p>When something concerns you, such as a sign-in from a new device, it stands here.</p>
        </Empty>
      ) : (
        <>
          <div className="mb-2 flex min-h-8 flex-wrap items-center justify-between gap-2 text-small text-muted">
            <span>{unread > 0 ? `${plural(unread, "notice")} unread` : "All read"}</span>
            {unread > 0 && <TextButton onClick={() => mark.mutate("all")}>Mark all as read</TextButton>}
          </div>
          <ul className="-mx-6 border-t border-line">
            {items.map((notice) => (
              <Item
                key={notice.id}
                notice={notice}
                onRead={() => mark.mutate([notice.id])}
                onClose={onClose}
              />
            ))}
          </ul>
          <NextPage of={notices}>Show older ones</NextPage>
        </>
      )}
      <p className="mt-5 text-small text-muted">
        <Link
          to="/t/$slug/settings/notices"
          params={{ slug: session.slug }}
          onClick={onClose}
          className="underline decoration-line underline-offset-3 hover:text-ink"
        >
          Choose what you are told
        </Link>
      </p>
    </Dialog>
  );
}

function Item(props: { notice: PageNotice; onRead: () => void; onClose: () => void }) {
  const { notice } = props;
  const session = useSession();
  const router = useRouter();
  const path = pathOf(session.slug, notice.path);
  const body = (
    <>
      <span
        aria-hidden
        className={classes(
          "mt-[0.45rem] size-2 shrink-0 rounded-full",
          notice.read ? "bg-transparent" : "bg-accent",
        )}
      />
      <span className="min-w-0">
        {!notice.read && <span className="sr-only">Unread: </span>}
        <span className={classes("block wrap-anywhere", !notice.read && "font-semibold")}>{notice.text}</span>
        <span className="mt-0.5 block text-small text-muted">
          <Moment at={notice.at} how="ago" />
        </span>
      </span>
    </>
  );
  const look = "flex w-full gap-2.5 px-6 py-3 text-left";
  return (
    <li className="border-b border-line">
      {path || !notice.read ? (
        <button
          type="button"
          className={`${look} transition-colors hover:bg-accent-soft -outline-offset-2`}
          onClick={() => {
            if (!notice.read) props.onRead();
            if (!path) return;
            props.onClose();
            router.history.push(path);
          }}
        >
          {body}
        </button>
      ) : (
        <div className={look}>{body}</div>
      )}
    </li>
  );
}

/** A path of this workspace only, whatever a notice says. */
function pathOf(slug: string, path: string | null): string | null {
  if (!path) return null;
  const own = `/t/${slug}/`;
  if (path.startsWith(own)) return path;
  return path.startsWith("/") && !path.startsWith("//") && !path.startsWith("/t/")
    ? own + path.slice(1)
    : null;
}

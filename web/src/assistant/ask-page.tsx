import { Link, useSearch as useAddress, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { ChatSummary } from "../api/types.ts";
import { FirstPlace } from "../frame/first-place.tsx";
import { useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { SavedMenu } from "../knowledge/search/saved.tsx";
import { WhoSees } from "../knowledge/sharing/who-sees.tsx";
import { NextPage } from "../ui/next-page.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";
import { Moment } from "../ui/time.tsx";
import { ChatMenu } from "./chat-menu.tsx";
import { asShared, useAsk, useChats } from "./chats.ts";
import { Composer } from "./composer.tsx";
import type { AskFilters } from "./scope.tsx";

/** The start of asking: one field, and the conversations so far. */
export function AskPage() {
  useTitle("Ask");
  const session = useSession();
  const navigate = useNavigate();
  const ask = useAsk(null);
  const [filters, setFilters] = useState<AskFilters>(useAddress({ from: "/t/$slug/ask" }));
  // An operator has no documents to ask; the old habit of the address leads to where they work.
  if (!session.can("chat.read")) return <FirstPlace />;
  const mayAsk = session.can("chat.create") && session.can("chat.ask");
  return (
    <div className="mx-auto w-full max-w-[42.5rem] px-4 pt-[min(13vh,7rem)] pb-14 md:px-8">
      <h1 className="mb-5 font-serif text-[1.875rem] leading-tight font-medium">
        What would you like to know?
      </h1>
      {mayAsk ? (
        <>
          <Composer
            autoFocus={window.matchMedia("(pointer: fine)").matches}
            busy={ask.isPending}
            error={ask.error}
            filters={filters}
            onFilters={setFilters}
            onAsk={(text) =>
              ask.mutate(
                { text, filters },
                {
                  onSuccess: ({ id }) =>
                    void navigate({ to: "/t/$slug/ask/$chatId", params: { slug: session.slug, chatId: id } }),
                },
              )
            }
          />
          <p className="mt-3 px-1 text-small text-muted">
            Answers are sentences from your documents, each with the number of its source.
          </p>
        </>
      ) : (
        <p className="text-muted">
          Your role reads conversations that are shared with you. Asking is not part of it; an admin of this
          workspace can change that.
        </p>
      )}
      {session.can("search.use") && (
        <p className="mt-3 flex flex-wrap items-center gap-x-2 px-1 text-small text-muted">
          <Link
            to="/t/$slug/search"
            params={{ slug: session.slug }}
            className="text-accent underline underline-offset-3"
          >
            Search the text itself
          </Link>
          <SavedMenu
            onRun={(saved) =>
              void navigate({
                to: "/t/$slug/search",
                params: { slug: session.slug },
                search: { q: saved.q, ...saved.filters },
              })
            }
          />
        </p>
      )}
      <Conversations />
    </div>
  );
}

function Conversations() {
  const chats = useChats();
  const all = chats.data?.pages.flatMap((page) => page.items) ?? [];
  if (chats.isPending) {
    return (
      <div className="mt-12">
        <Skeleton label="Loading your conversations" lines={4} />
      </div>
    );
  }
  if (chats.isError) {
    return (
      <ErrorPanel
        error={chats.error}
        onRetry={() => void chats.refetch()}
        title="Your conversations could not be loaded"
      />
    );
  }
  if (!all.length) return null;
  return (
    <section aria-labelledby="conversations" className="mt-12">
      <h2 id="conversations" className="mb-1 px-1 text-small font-semibold text-muted">
        Conversations
      </h2>
      <ul className="border-t border-line">
        {all.map((chat) => (
          <Row key={chat.id} chat={chat} />
        ))}
      </ul>
      <NextPage of={chats}>Show older ones</NextPage>
    </section>
  );
}

function Row({ chat }: { chat: ChatSummary }) {
  const session = useSession();
  const title = chat.title || "New conversation";
  return (
    <li className="group flex items-center gap-2 border-b border-line pr-1 hover:bg-accent-soft">
      <Link
        to="/t/$slug/ask/$chatId"
        params={{ slug: session.slug, chatId: chat.id }}
        className="flex min-h-11 min-w-0 flex-1 flex-wrap items-center gap-x-4 px-1 py-2 -outline-offset-2"
      >
        <span className="min-w-0 flex-1 basis-48 truncate">{title}</span>
        <span className="flex items-center gap-x-3 text-small text-muted">
          <WhoSees kind="chats" thing={chat} />
          <Moment at={chat.updatedAt} />
        </span>
      </Link>
      <ChatMenu chat={asShared(chat, title)} />
    </li>
  );
}

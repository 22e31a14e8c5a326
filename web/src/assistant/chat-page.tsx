import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ChevronLeft, SquarePen } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Chat, Citation, Message } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { useWide } from "../frame/wide.ts";
import { useSession } from "../identity/session.tsx";
import { Sight } from "../knowledge/sharing/sight.tsx";
import { OpenInstead } from "../tenancy/openings/open-dialog.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { Answer, type Selected } from "./answer.tsx";
import { ChatMenu } from "./chat-menu.tsx";
import { asShared, titleOf, useAsk, useChat } from "./chats.ts";
import { Composer } from "./composer.tsx";
import { type AskFilters, filtersOf, scopeWords } from "./scope.tsx";
import { Source } from "./source.tsx";

/** One conversation, with the cited source beside it (below it, as a sheet, where there is no room). */
export function ChatPage() {
  const { chatId } = useParams({ from: "/t/$slug/ask/$chatId" });
  const session = useSession();
  const chat = useChat(chatId);
  if (!session.can("chat.read")) return <Forbidden />;
  if (chat.isPending) {
    return (
      <div className="mx-auto w-full max-w-[42.5rem] px-4 pt-24 md:px-8">
        <Skeleton label="Loading the conversation" lines={6} tall />
      </div>
    );
  }
  if (chat.isError) {
    return (
      <>
        <ErrorPanel
          error={chat.error}
          onRetry={() => void chat.refetch()}
          title="This conversation is not here"
          whole
        />
        <OpenInstead kind="chat" id={chatId} error={chat.error} />
      </>
    );
  }
  return <Conversation key={chatId} chat={chat.data} />;
}

function Conversation({ chat }: { chat: Chat }) {
  const wide = useWide();
  const session = useSession();
  const mayAsk = chat.access !== "read" && session.can("chat.ask");
  const ask = useAsk(chat.id);
  const last = chat.messages.at(-1);
  // Where was looked last is where the next question looks, until it is dropped.
  const [filters, setFilters] = useState<AskFilters>(() =>
    filtersOf(chat.messages.findLast(({ author }) => author === "person")?.scope),
  );
  const [selected, setSelected] = useState<Selected>(() => firstSource(chat, wide));
  const [spoken, setSpoken] = useState("");
  const end = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  useTitle(titleOf(chat));

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is brought into sight.
  useEffect(() => {
    // Newer browsers return a promise here, which an effect must not return.
    void end.current?.scrollIntoView({ block: "end" });
  }, [chat.messages.length, ask.isPending]);

  const sources = selected
    ? (chat.messages.find((message) => message.id === selected.message)?.citations ?? [])
    : [];
  const place = sources.findIndex((citation) => citation.n === selected?.n);
  const citation = sources[place];

  function step(by: 1 | -1) {
    const next = sources[place + by];
    if (!selected || !next) return;
    setSelected({ message: selected.message, n: next.n });
  }

  const again = (question: Message | undefined) =>
    question && ask.mutate({ text: question.text, filters: filtersOf(question.scope) });

  function close() {
    const n = selected?.n;
    setSelected(null);
    if (n) frame.current?.querySelector<HTMLElement>(`[data-citation="${n}"][aria-pressed=true]`)?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (!selected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (
      event.target instanceof HTMLElement &&
      event.target.matches("input, textarea, select, [role=menuitem]")
    )
      return;
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "Escape" && wide) close();
    else return;
    event.preventDefault();
  }

  const panel = citation && (
    <Source citation={citation} place={place + 1} of={sources.length} onStep={step} onClose={close} />
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between sources anywhere on the page.
    <div ref={frame} onKeyDown={onKeyDown} className="flex min-h-0 flex-1">
      <section aria-label="Conversation" className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Head chat={chat} />
        <div className="relative min-h-0 flex-1 overflow-y-auto">
          <div className="mx-auto flex w-full max-w-[42.5rem] flex-col gap-5 px-4 pt-7 pb-8 md:px-8">
            {chat.messages.map((message, index) =>
              message.author === "person" ? (
                <Question
                  key={message.id}
                  text={message.text}
                  scope={scopeWords(message.scope ?? chat.messages[index + 1]?.scope ?? null)}
                  followUp={message.followUp ?? chat.messages[index + 1]?.followUp ?? null}
                  by={message.by && message.by.id !== session.me.id ? message.by.name : null}
                />
              ) : (
                <Answer
                  key={message.id}
                  chatId={chat.id}
                  message={message}
                  selected={selected}
                  onSelect={(chosen: Citation) => setSelected({ message: message.id, n: chosen.n })}
                  onFinished={(done, citations) => {
                    setSpoken(
                      speech(done.text || done.parts.map((part) => part.text).join(" "), citations.length),
                    );
                    if (wide && citations[0]) setSelected({ message: done.id, n: citations[0].n });
                  }}
                  onAskAgain={mayAsk && message === last ? () => again(chat.messages[index - 1]) : null}
                />
              ),
            )}
            {ask.isPending && <Question text={ask.variables.text} by={null} scope={null} followUp={null} />}
            {chat.messages.length === 0 && !ask.isPending && (
              <p className="text-muted">Nothing has been asked here yet.</p>
            )}
            <div ref={end} />
          </div>
        </div>
        <p role="status" aria-live="polite" className="sr-only">
          {last?.state === "working" ? "Looking in your documents" : spoken}
        </p>
        <div className="mx-auto w-full max-w-[42.5rem] px-3.5 pb-3.5 md:px-8 md:pb-6">
          {mayAsk ? (
            <Composer
              autoFocus={window.matchMedia("(pointer: fine)").matches}
              busy={ask.isPending || last?.state === "working"}
              error={ask.error}
              filters={filters}
              onFilters={setFilters}
              onAsk={(text) => ask.mutate({ text, filters })}
            />
          ) : (
            <ReadOnly chat={chat} />
          )}
        </div>
      </section>
      {wide && panel && (
        <aside
          aria-label="Source"
          className="flex w-[400px] shrink-0 flex-col border-l border-line bg-surface"
        >
          {panel}
        </aside>
      )}
      {!wide && citation && (
        <Dialog
          title={`Source: ${citation.document?.name ?? "not shared with you"}`}
          hideTitle
          shape="sheet"
          onClose={close}
        >
          <div className="flex max-h-[82dvh] flex-col">{panel}</div>
        </Dialog>
      )}
    </div>
  );
}

function Head({ chat }: { chat: Chat }) {
  const session = useSession();
  const navigate = useNavigate();
  const shared = asShared(chat, titleOf(chat));
  return (
    <div className="flex min-h-12 items-center gap-2 border-b border-line pr-2 pl-2 md:pl-5">
      <Link
        to="/t/$slug/ask"
        params={{ slug: session.slug }}
        aria-label="All conversations"
        title="All conversations"
        className="inline-flex size-8 shrink-0 items-center justify-center rounded-sm text-muted hover:bg-accent-soft hover:text-ink"
      >
        <ChevronLeft size={17} aria-hidden />
      </Link>
      <div className="min-w-0 flex-1 py-1">
        <h1 className="truncate font-semibold" title={titleOf(chat)}>
          {titleOf(chat)}
        </h1>
        <Sight kind="chats" thing={shared} quiet />
      </div>
      <Link
        to="/t/$slug/ask"
        params={{ slug: session.slug }}
        aria-label="New conversation"
        title="New conversation"
        className="inline-flex size-8 shrink-0 items-center justify-center rounded-sm text-muted hover:bg-accent-soft hover:text-ink"
      >
        <SquarePen size={15} aria-hidden />
      </Link>
      <ChatMenu
        chat={shared}
        onDeleted={() => void navigate({ to: "/t/$slug/ask", params: { slug: session.slug } })}
      />
    </div>
  );
}

/** `by`: who asked, when it was somebody else. `scope`: where alone was looked. `followUp`: what a short question was completed with. */
function Question(props: { text: string; by: string | null; scope: string | null; followUp: string | null }) {
  const { text, by, scope, followUp } = props;
  return (
    <div className="ml-auto flex max-w-[85%] flex-col items-end">
      <div className="w-fit rounded-lg rounded-br-[3px] bg-accent-soft px-3.5 py-2.5 whitespace-pre-wrap wrap-anywhere">
        {by && <span className="block text-small text-muted">{by}</span>}
        <span className="sr-only">Question: </span>
        {text}
      </div>
      {(scope || followUp) && (
        <p className="mt-1.5 text-right text-small wrap-anywhere text-muted">
          {[scope, followUp && `asked about “${followUp}”`].filter(Boolean).join(" · ")}
        </p>
      )}
    </div>
  );
}

function ReadOnly({ chat }: { chat: Chat }) {
  const session = useSession();
  const mayAsk = session.can("chat.create") && session.can("chat.ask");
  const why = chat.mine
    ? "Your role does not include asking."
    : chat.visibility === "private"
      ? `You opened ${chat.owner.name}’s conversation; they can see that you did.`
      : chat.access === "read"
        ? `${chat.owner.name} shared this conversation for reading.`
        : "Your role does not include asking.";
  if (!mayAsk) return <p className="rounded-lg border border-line bg-raised px-4 py-3 text-muted">{why}</p>;
  return (
    <p className="rounded-lg border border-line bg-raised px-4 py-3 text-muted">
      {why}{" "}
      <Link
        to="/t/$slug/ask"
        params={{ slug: session.slug }}
        className="text-accent underline underline-offset-3"
      >
        Ask a question of your own
      </Link>
      .
    </p>
  );
}

function firstSource(chat: Chat, wide: boolean): Selected {
  const answer = chat.messages.findLast((message) => message.author === "assistant");
  const citation = answer?.state === "done" ? answer.citations?.[0] : undefined;
  return wide && answer && citation ? { message: answer.id, n: citation.n } : null;
}

function speech(text: string, sources: number): string {
  return `Answer: ${text} ${sources === 0 ? "No source." : sources === 1 ? "One source." : `${sources} sources.`}`;
}

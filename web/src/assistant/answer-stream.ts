import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isApiError } from "../api/errors.ts";
import { followStream } from "../api/stream.ts";
import type { Chat, Citation, Message, Part } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";

type StreamedPart = { seq: number; text: string; citations: Citation[] };
type Written = { parts: Part[]; citations: Citation[]; connected: boolean };

const nothing: Written = { parts: [], citations: [], connected: true };

/**
 * The answer as it is being written. Follows the stream while `message` is working, starts over on `reset`, and
 * puts the finished message into the conversation's cache.
 */
export function useWriting(chatId: string, message: Message): Written {
  const { slug } = useSession();
  const queries = useQueryClient();
  const [written, setWritten] = useState(nothing);
  const working = message.state === "working";

  useEffect(() => {
    if (!working) return;
    const seen = new Set<number>();
    setWritten(nothing);
    const replace = (change: (old: Message) => Message) =>
      queries.setQueryData<Chat>([slug, "chat", chatId], (chat) =>
        chat
          ? { ...chat, messages: chat.messages.map((old) => (old.id === message.id ? change(old) : old)) }
          : chat,
      );
    const settle = () => {
      void queries.invalidateQueries({ queryKey: [slug, "chat", chatId] });
      void queries.invalidateQueries({ queryKey: [slug, "chats"] });
    };
    return followStream(slug, `answers/${message.id}/stream`, {
      onConnection: (connected) => setWritten((old) => ({ ...old, connected })),
      onEvent: ({ event, data }) => {
        if (event === "reset") {
          seen.clear();
          setWritten(nothing);
        } else if (event === "part") {
          const part = data as StreamedPart;
          // A resumed stream may repeat its last part.
          if (seen.has(part.seq)) return undefined;
          seen.add(part.seq);
          setWritten((old) => withPart(old, part));
        } else if (event === "done") {
          replace(() => data as Message);
          settle();
          return "stop";
        } else if (event === "failed") {
          replace((old) => ({ ...old, state: "failed", text: (data as { message: string }).message }));
          settle();
          return "stop";
        }
        return undefined;
      },
      onRefused: (error) => {
        replace((old) => ({ ...old, state: "failed", text: isApiError(error) ? error.message : "" }));
      },
    });
  }, [working, slug, chatId, message.id, queries]);

  return working ? written : { parts: message.parts, citations: message.citations ?? [], connected: true };
}

function withPart(old: Written, part: StreamedPart): Written {
  const known = new Set(old.citations.map((citation) => citation.n));
  return {
    ...old,
    parts: [...old.parts, { text: part.text, citations: part.citations.map((citation) => citation.n) }],
    citations: [...old.citations, ...part.citations.filter((citation) => !known.has(citation.n))],
  };
}

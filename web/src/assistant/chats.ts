import {
  type InfiniteData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { Chat, ChatSummary, List, Message, Visibility } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";

/** The conversations that this person may read, newest first, 50 at a time. */
export function useChats() {
  const session = useSession();
  return useInfiniteQuery({
    queryKey: [session.slug, "chats"],
    queryFn: ({ pageParam }) =>
      session.call<List<ChatSummary>>("GET", "chats", { query: { cursor: pageParam, limit: 50 } }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
}

export function useChat(id: string) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "chat", id],
    queryFn: () => session.call<Chat>("GET", `chats/${id}`),
  });
}

/** Asks in a conversation, or begins one when `chatId` is null. Gives the conversation's id. */
export function useAsk(chatId: string | null) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (text: string) => {
      const id = chatId ?? (await session.call<{ id: string }>("POST", "chats")).id;
      const asked = await session.call<{ question: Message; answer: Message }>(
        "POST",
        `chats/${id}/questions`,
        {
          body: { text },
        },
      );
      return { id, ...asked };
    },
    onSuccess: ({ id, question, answer }) => {
      queries.setQueryData<Chat>([session.slug, "chat", id], (chat) => ({
        id,
        title: chat?.title ?? null,
        visibility: chat?.visibility ?? "private",
        mine: true,
        owner: chat?.owner ?? { id: session.me.id, name: session.me.name },
        updatedAt: new Date().toISOString(),
        messages: [...(chat?.messages ?? []), question, answer],
      }));
      void queries.invalidateQueries({ queryKey: [session.slug, "chats"] });
    },
  });
}

export function useChangeChat(id: string) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: { title?: string; visibility?: Visibility }) =>
      session.call("PATCH", `chats/${id}`, { body: change }),
    onSuccess: (_answer, change) => {
      queries.setQueryData<Chat>([session.slug, "chat", id], (chat) =>
        chat ? { ...chat, ...change } : chat,
      );
      void queries.invalidateQueries({ queryKey: [session.slug, "chats"] });
    },
  });
}

export function useDeleteChat(id: string) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => session.call("DELETE", `chats/${id}`),
    onSuccess: () => {
      queries.setQueryData<InfiniteData<List<ChatSummary>>>([session.slug, "chats"], (data) =>
        data
          ? {
              ...data,
              pages: data.pages.map((page) => ({
                ...page,
                items: page.items.filter((chat) => chat.id !== id),
              })),
            }
          : data,
      );
    },
  });
}

/** What a conversation is called: its title, or its first question until it has one. */
export function titleOf(chat: Chat): string {
  const question = chat.messages.find((message) => message.author === "person")?.text;
  return chat.title || question || "New conversation";
}

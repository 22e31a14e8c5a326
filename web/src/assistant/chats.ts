import {
  type InfiniteData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { Chat, ChatSummary, List, Message } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import type { Shared } from "../knowledge/sharing/access.ts";
import type { AskFilters } from "./scope.tsx";

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

/** A conversation. One that somebody else may write in is looked at again now and then, for what they ask. */
export function useChat(id: string) {
  const session = useSession();
  const queries = useQueryClient();
  const queryKey = [session.slug, "chat", id];
  return useQuery({
    queryKey,
    // Looking again is not a person's doing: it must not keep the session alive.
    queryFn: () =>
      session.call<Chat>("GET", `chats/${id}`, { background: queries.getQueryData(queryKey) !== undefined }),
    refetchInterval: ({ state }) =>
      state.data && state.data.visibility !== "private" && state.status === "success" ? 20_000 : false,
  });
}

/** Asks in a conversation, or begins one when `chatId` is null. Gives the conversation's id. */
export function useAsk(chatId: string | null) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ text, filters }: { text: string; filters: AskFilters }) => {
      const id = chatId ?? (await session.call<{ id: string }>("POST", "chats")).id;
      const asked = await session.call<{ question: Message; answer: Message }>(
        "POST",
        `chats/${id}/questions`,
        {
          body: { text, ...(Object.keys(filters).length > 0 ? { filters } : {}) },
        },
      );
      return { id, ...asked };
    },
    onSuccess: ({ id, question, answer }) => {
      queries.setQueryData<Chat>([session.slug, "chat", id], (chat) => ({
        id,
        title: chat?.title ?? null,
        access: chat?.access ?? "own",
        visibility: chat?.visibility ?? "private",
        mine: chat?.mine ?? true,
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
    mutationFn: (change: { title: string }) => session.call("PATCH", `chats/${id}`, { body: change }),
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

/** A conversation as a thing that can be shared. */
export function asShared(chat: ChatSummary, name: string): Shared {
  const { id, mine, owner, access, visibility } = chat;
  return { id, name, mine, owner, access, visibility };
}

/** What a conversation is called: its title, or its first question until it has one. */
export function titleOf(chat: Chat): string {
  const question = chat.messages.find((message) => message.author === "person")?.text;
  return chat.title || question || "New conversation";
}

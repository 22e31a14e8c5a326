import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type {
  Access,
  AccessView,
  Permission,
  Person,
  Share,
  ShareWith,
  Visibility,
} from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";

export type Kind = "documents" | "folders" | "chats";

/** What a thing says of itself about who can see it. */
export type Shared = {
  id: string;
  name: string;
  mine: boolean;
  owner: Person;
  access: Access;
  visibility: Visibility;
};

export const nouns: Record<Kind, string> = {
  documents: "document",
  folders: "folder",
  chats: "conversation",
};

/** What it takes to share a kind of thing of one's own. */
export const shareRight: Record<Kind, Permission> = {
  documents: "document.share",
  folders: "folder.share",
  chats: "chat.share",
};

/** What the two kinds of access mean for a kind of thing. */
export const accessWords: Record<Kind, Record<"read" | "write", string>> = {
  documents: { read: "Can read", write: "Can change" },
  folders: { read: "Can read", write: "Can add and change" },
  chats: { read: "Can read", write: "Can ask in it" },
};

/** What writing in a kind of thing comes to, after “can”. */
export const deeds: Record<Kind, string> = {
  documents: "change it",
  folders: "add to it and change what is in it",
  chats: "ask in it",
};

export function useAccess(kind: Kind, id: string, enabled = true) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "access", kind, id],
    queryFn: () => session.call<AccessView>("GET", `${kind}/${id}/access`),
    enabled,
    staleTime: 0,
  });
}

/** The three deeds of sharing. Each changes what others see, so whatever is shown of it here is asked for again. */
export function useShares(kind: Kind, id: string) {
  const session = useSession();
  const queries = useQueryClient();
  const key = [session.slug, "access", kind, id];
  // A change to a folder comes down to what is in it, whose access may be on the page as well.
  const settle = () =>
    Promise.all(
      ["access", "documents", "folders", "chats", "chat"].map((what) =>
        queries.invalidateQueries({ queryKey: [session.slug, what] }),
      ),
    );
  const change = (edit: (shares: Share[]) => Share[]) =>
    queries.setQueryData<AccessView>(key, (view) => (view ? { ...view, shares: edit(view.shares) } : view));

  const add = useMutation({
    mutationFn: (to: { with: Pick<ShareWith, "kind" | "id">; access: Share["access"] }) =>
      session.call<Share>("POST", `${kind}/${id}/shares`, { body: to }),
    onSuccess: settle,
  });
  const alter = useMutation({
    mutationFn: ({ share, access }: { share: Share; access: Share["access"] }) =>
      session.call("PATCH", `shares/${share.id}`, { body: { access } }),
    onMutate: ({ share, access }) =>
      change((shares) => shares.map((old) => (old.id === share.id ? { ...old, access } : old))),
    onSettled: settle,
  });
  const end = useMutation({
    mutationFn: (share: Share) => session.call("DELETE", `shares/${share.id}`),
    onSuccess: (_answer, share) => {
      change((shares) => shares.filter((old) => old.id !== share.id));
      void settle();
    },
  });
  return { add, alter, end };
}

export function namesOf(names: string[], atMost = 3): string {
  if (names.length <= atMost) return new Intl.ListFormat("en-GB").format(names);
  const rest = names.length - atMost + 1;
  return new Intl.ListFormat("en-GB").format([...names.slice(0, atMost - 1), `${rest} others`]);
}

/** Who something is shared with, as it stands in a sentence. */
export function nameOf(to: ShareWith, me: string, tenant: string): string {
  if (to.kind === "tenant") return `everyone at ${tenant}`;
  if (to.kind === "group") return `the group ${to.name}`;
  return to.id === me ? "you" : to.name;
}

import { queryOptions, useQuery } from "@tanstack/react-query";
import type { GroupSummary, List, Member } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";

/** Everyone in the workspace: the server gives 5,000 at most, in one answer. */
export function useMembers() {
  return useQuery({ ...useMembersQuery(), select: present });
}

/** With those who have left something behind, for whoever may hand it over. */
export function useMembersAndLeft() {
  return useQuery(useMembersQuery());
}

const present = (list: List<Member>) => ({
  ...list,
  items: list.items.filter(({ status }) => status !== "removed"),
});

function useMembersQuery() {
  const session = useSession();
  return queryOptions({
    queryKey: [session.slug, "members"],
    queryFn: () => session.call<List<Member>>("GET", "members"),
    enabled: session.can("member.read"),
    staleTime: 60_000,
  });
}

export function useGroups() {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "groups"],
    queryFn: () => session.call<List<GroupSummary>>("GET", "groups"),
    enabled: session.can("group.read"),
    staleTime: 60_000,
  });
}

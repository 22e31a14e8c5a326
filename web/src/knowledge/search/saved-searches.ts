import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { List, SavedSearch, SearchFilters } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";

/** The searches that this person has saved; nobody else sees them. */
export function useSavedSearches() {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "saved-searches"],
    queryFn: () => session.call<List<SavedSearch>>("GET", "saved-searches"),
    enabled: session.can("saved-search.use"),
  });
}

export function useSaveSearch() {
  return useDeed((session, body: { name: string; q: string; filters: SearchFilters }) =>
    session.call<SavedSearch>("POST", "saved-searches", { body }),
  );
}

export function useChangeSavedSearch(id: string) {
  return useDeed((session, body: Partial<Pick<SavedSearch, "name" | "q" | "filters">>) =>
    session.call<SavedSearch>("PATCH", `saved-searches/${id}`, { body }),
  );
}

export function useDeleteSavedSearch(id: string) {
  return useDeed((session, _nothing: undefined) => session.call("DELETE", `saved-searches/${id}`));
}

function useDeed<Input, Output>(
  work: (session: ReturnType<typeof useSession>, input: Input) => Promise<Output>,
) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => work(session, input),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "saved-searches"] }),
  });
}

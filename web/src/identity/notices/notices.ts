import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { PageNotices } from "../../api/types.ts";
import { useSession } from "../session.tsx";

type Pages = { pages: PageNotices[]; pageParams: unknown[] };

/**
 * The signed-in person's notices, newest first, looked for again every minute without prolonging the session; not
 * while older pages are open, which would all be asked for again.
 */
export function useNotices() {
  const session = useSession();
  return useInfiniteQuery({
    queryKey: [session.slug, "notices"],
    queryFn: ({ pageParam }) =>
      session.call<PageNotices>("GET", "notices", { query: { cursor: pageParam }, background: true }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    enabled: session.can("notice.read"),
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : 60_000),
    refetchOnWindowFocus: true,
  });
}

/** Lets go of the older pages once nobody looks at them. */
export function useForgetOlder(): () => void {
  const session = useSession();
  const queries = useQueryClient();
  return () => {
    queries.setQueryData<Pages>([session.slug, "notices"], (old) =>
      old ? { pages: old.pages.slice(0, 1), pageParams: old.pageParams.slice(0, 1) } : old,
    );
  };
}

/** Marks notices as read, at once on the page and then on the server. */
export function useMarkRead() {
  const session = useSession();
  const queries = useQueryClient();
  const queryKey = [session.slug, "notices"];
  return useMutation({
    mutationFn: (ids: string[] | "all") => session.call("POST", "notices/read", { body: { ids } }),
    onMutate: (ids) => {
      queries.setQueryData<Pages>(queryKey, (old) =>
        old ? { ...old, pages: old.pages.map((page) => marked(page, ids)) } : old,
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
}

function marked(page: PageNotices, ids: string[] | "all"): PageNotices {
  const isMeant = (id: string) => ids === "all" || ids.includes(id);
  return {
    ...page,
    unread: ids === "all" ? 0 : Math.max(0, page.unread - ids.length),
    items: page.items.map((item) => (isMeant(item.id) ? { ...item, read: true } : item)),
  };
}

import { useQuery } from "@tanstack/react-query";
import { useSession } from "../../identity/session.tsx";

export type Closing = { since: string; until: string };

/** Whether this workspace is closing. Asked for now and then, on every page. */
export function useClosing() {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "closing"],
    queryFn: () => session.call<{ closing: Closing | null }>("GET", "tenant/closing", { background: true }),
    enabled: session.can("tenant.read") && session.tenant.kind !== "operator",
    refetchInterval: 120_000,
  });
}

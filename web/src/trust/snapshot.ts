import { useQuery } from "@tanstack/react-query";
import { callGlobal } from "../api/client.ts";
import type { SecuritySnapshot } from "../api/types.ts";

/** The public security snapshot, read again every two minutes. */
export function useSnapshot() {
  return useQuery({
    queryKey: ["security"],
    queryFn: () => callGlobal<SecuritySnapshot>("GET", "security", { background: true }),
    refetchInterval: 120_000,
  });
}
